# Programs that outlive this script. <run_dir>/<name>.pid holds two lines: the process id and its command line, so that
# a number that the system gave to somebody else in the meantime is never taken for ours.

# process_pid <name>: prints the id of the running process; false when it does not run.
process_pid() {
    local pid command

    { read -r pid && read -r command; } 2>/dev/null <"$run_dir/$1.pid" || return 1
    [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == "$command " ]] || return 1
    printf '%s\n' "$pid"
}

process_runs() {
    process_pid "$1" >/dev/null
}

# On one machine the search side gives way: documents first, the index right after. Elsewhere it has nodes of its own.
declare -A niceness=([opensearch]=10 [search-sync]=10)

# process_start <name> <command> [argument ...]: in a session of its own, its output appended to <log_dir>/<name>.log.
process_start() {
    local name=$1 record=$run_dir/$1.pid deadline=$((SECONDS + 5))

    shift
    mkdir -p "$log_dir"
    rm -f "$record"
    # shellcheck disable=SC2016
    nice -n "${niceness[$name]:-0}" setsid bash -c '
        record=$1
        shift
        printf "%s\n%s\n" "$$" "$*" >"$record.new"
        mv "$record.new" "$record"
        exec "$@"' launch "$record" "$@" >>"$log_dir/$name.log" 2>&1 </dev/null 7>&- 8>&- 9>&- &
    until process_runs "$name"; do
        if ((SECONDS >= deadline)); then
            process_complain "$name" "$name ended at once"
        fi
        sleep 0.02
    done
}

# process_wait <name> <seconds> <probe> [argument ...]: until the probe succeeds.
process_wait() {
    local name=$1 seconds=$2 deadline=$((SECONDS + $2))

    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! process_runs "$name"; then
            process_complain "$name" "$name ended while it was starting"
        fi
        if ((SECONDS >= deadline)); then
            process_complain "$name" "$name runs but did not answer within $seconds s"
        fi
        sleep 0.1
    done
}

process_complain() {
    tail -n 20 "$log_dir/$1.log" >&2 || true
    fail "$2" "Its log: ${log_dir#"$PWD"/}/$1.log. \`./dev down\` and \`./dev up\` start afresh and lose no data."
}

# processes_stop <seconds> <name ...>: SIGTERM to all at once, SIGKILL to those that are still there after the seconds.
processes_stop() {
    local deadline=$((SECONDS + $1)) name pid

    shift
    for name in "$@"; do
        if pid=$(process_pid "$name"); then
            kill -TERM "$pid" 2>/dev/null || true
        fi
    done
    for name in "$@"; do
        while pid=$(process_pid "$name"); do
            if ((SECONDS >= deadline)); then
                warn "$name did not leave in time and was killed"
                kill -KILL "$pid" 2>/dev/null || true
            fi
            sleep 0.05
        done
        rm -f "$run_dir/$name.pid"
    done
}

# process_uptime <name>: "3 d 04:05:06" since its record was written.
process_uptime() {
    local seconds=$(($(date +%s) - $(stat -c %Y "$run_dir/$1.pid")))

    if ((seconds >= 86400)); then
        printf '%d d ' $((seconds / 86400))
    fi
    printf '%02d:%02d:%02d' $((seconds / 3600 % 24)) $((seconds / 60 % 60)) $((seconds % 60))
}

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# require_free_port <number> <name of the variable that moves it>
require_free_port() {
    if port_is_taken "$1"; then
        fail "port $1 is taken by another program" "End it, or set $2 to move the ports of this kind."
    fi
}
