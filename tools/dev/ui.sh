# What the user sees: steps with their elapsed time, failures with the end of their log and a way out.

if [[ -t 1 ]]; then
    ui_live=1 ui_bold=$'\e[1m' ui_red=$'\e[31m' ui_green=$'\e[32m' ui_dim=$'\e[2m' ui_plain=$'\e[0m'
else
    ui_live='' ui_bold='' ui_red='' ui_green='' ui_dim='' ui_plain=''
fi

# fail <message> [what to do]
fail() {
    printf '%serror:%s %s\n' "$ui_red" "$ui_plain" "$1" >&2
    if [[ -n ${2:-} ]]; then
        printf '       %s\n' "$2" >&2
    fi
    exit 1
}

warn() {
    printf 'warning: %s\n' "$1" >&2
}

title() {
    printf '%s%s%s\n' "$ui_bold" "$1" "$ui_plain"
}

# Commands to run when this shell ends, whatever the reason; the newest first.
exit_commands=()

at_exit() {
    exit_commands=("$1" ${exit_commands[@]+"${exit_commands[@]}"})
}

ui_exit() {
    local status=$? command pid

    trap '' INT TERM HUP
    set +e
    for pid in "${!step_label[@]}"; do
        kill -TERM -- "-$pid" 2>/dev/null
    done
    for command in ${exit_commands[@]+"${exit_commands[@]}"}; do
        $command
    done
    exit "$status"
}

# Steps run in the background, each in a process group of its own, so that Ctrl-C reaches this shell only and the
# trap above decides what ends.
declare -A step_label=() step_log=() step_start=() step_hint=()
step_failures=()

# step_begin [-h hint] <label> <command> [argument ...]
step_begin() {
    local hint='' label log pid

    if [[ $1 == -h ]]; then
        hint=$2
        shift 2
    fi
    label=$1
    shift
    mkdir -p .dev/logs
    log=.dev/logs/$(tr -cs "[:alnum:]" - <<<"${label%% (*}")
    log=${log%-}.log
    set -m
    (
        set +m
        trap - EXIT INT TERM HUP
        "$@"
    ) >"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    step_label[$pid]=$label
    step_log[$pid]=$log
    step_start[$pid]=$SECONDS
    step_hint[$pid]=$hint
}

step_show_running() {
    local pid text=''

    if [[ -n $ui_live ]]; then
        for pid in "${!step_label[@]}"; do
            text+="${text:+, }${step_label[$pid]} $((SECONDS - step_start[$pid])) s"
        done
        printf '\r\e[K%s  ..  %s%s' "$ui_dim" "${text:0:$((${COLUMNS:-80} - 8))}" "$ui_plain"
    elif ((SECONDS >= ui_next_note)); then
        ui_next_note=$((SECONDS + 60))
        for pid in "${!step_label[@]}"; do
            printf '  ..  %5s  %s\n' "$((SECONDS - step_start[$pid])) s" "${step_label[$pid]}"
        done
    fi
}

step_show_end() {
    local pid=$1 status=$2 mark="${ui_green}ok${ui_plain}  "

    if ((status != 0)); then
        mark="${ui_red}FAIL${ui_plain}"
    fi
    printf '%s  %s%5s  %s\n' "${ui_live:+$'\r\e[K'}" "$mark" "$((SECONDS - step_start[$pid])) s" "${step_label[$pid]}"
    if ((status != 0)); then
        step_failures+=("${step_label[$pid]}")
        tail -n "${step_tail:-25}" "${step_log[$pid]}" | sed 's/^/        | /'
        printf '        whole log: %s\n' "${step_log[$pid]}"
        if [[ -n ${step_hint[$pid]} ]]; then
            printf '        %s\n' "${step_hint[$pid]}"
        fi
    fi
}

# Waits for all steps that were begun; false when one of them failed.
steps_end() {
    local pid status

    step_failures=()
    ui_next_note=$((SECONDS + 60))
    while ((${#step_label[@]} > 0)); do
        for pid in "${!step_label[@]}"; do
            if ! kill -0 "$pid" 2>/dev/null; then
                status=0
                wait "$pid" || status=$?
                step_show_end "$pid" "$status"
                unset "step_label[$pid]" "step_log[$pid]" "step_start[$pid]" "step_hint[$pid]"
            fi
        done
        if ((${#step_label[@]} > 0)); then
            step_show_running
            sleep 0.1
        fi
    done
    ((${#step_failures[@]} == 0))
}

# steps_wait: like steps_end, but a failed step ends the program.
steps_wait() {
    if ! steps_end; then
        exit 1
    fi
}

# step [-h hint] <label> <command> [argument ...]
step() {
    step_begin "$@"
    steps_wait
}

trap ui_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
