# A whole stack: up, down, status, logs, env, clean.

# stack_up [--servers]: everything answers when it returns; repairs what is dead, never starts anything twice.
stack_up() {
    local goal=services

    if [[ ${1:-} == --servers ]]; then
        goal=servers
    fi
    setup
    if [[ $goal == services ]]; then
        build_preset "${CONSIGN_BUILD:-release}"
    fi
    stack_lock
    mkdir -p "$run_dir"
    credentials_load
    if [[ $goal == services || ! -f $run_dir/goal ]]; then
        printf '%s\n' "$goal" >"$run_dir/goal"
    fi
    servers_up
    if [[ $goal == services ]]; then
        step "topics, collections, demo tenants" stack_seed
        services_up
    fi
    stack_unlock
}

stack_down() {
    stack_lock
    rm -f "$run_dir/goal"
    services_down
    servers_down
    stack_unlock
}

# What should run, by the last `up`.
stack_members() {
    case $(cat "$run_dir/goal" 2>/dev/null) in
    services) printf '%s\n' "${servers[@]}" "${services[@]}" ;;
    servers) printf '%s\n' "${servers[@]}" ;;
    esac
}

# True when anything of the stack runs.
stack_runs() {
    local name

    for name in "${servers[@]}" "${services[@]}"; do
        if process_runs "$name"; then
            return 0
        fi
    done
    return 1
}

member_port() {
    if [[ $1 == ingress ]]; then
        printf '%s\n' "${port[api]},${port[ingress]}"
    else
        printf '%s\n' "${port[$1]}"
    fi
}

member_answers() {
    case $1 in
    kafka | mongodb | opensearch | s3) "$1_answers" ;;
    *) service_answers "$1" ;;
    esac >/dev/null 2>&1
}

# Prints the table; false when something that should run does not.
stack_status() {
    local row='  %-18s %-8s %-12s %-10s %s\n' name pid health members all_well=0

    mapfile -t members < <(stack_members)
    if ((${#members[@]} == 0)); then
        printf 'stack %s is down; ./dev up starts it\n' "$stack"
        return 1
    fi
    # shellcheck disable=SC2059
    printf "$row" name pid port health uptime
    for name in "${members[@]}"; do
        if ! pid=$(process_pid "$name"); then
            # shellcheck disable=SC2059
            printf "$row" "$name" - "$(member_port "$name")" stopped -
            all_well=1
            continue
        fi
        health=ready
        if ! member_answers "$name"; then
            health='not ready' all_well=1
        fi
        # shellcheck disable=SC2059
        printf "$row" "$name" "$pid" "$(member_port "$name")" "$health" "$(process_uptime "$name")"
    done
    return "$all_well"
}

# What `up` says at its end.
stack_welcome() {
    title "stack $stack is up"
    stack_status
    printf '\n  API: %s\n\n' "$CONSIGN_URL"
    cat <<'END'
  eval "$(./dev env)"     addresses and demo credentials for this shell
  ./dev demo              the product's story with curl
  ./dev logs [service]    follow the logs
  ./dev down              stop; data stays
END
}

stack_env() {
    local name

    credentials_load
    if [[ $stack == test ]]; then
        for name in KAFKA_PROXIED CONSIGN_S3_ENDPOINT CONSIGN_S3_REGION CONSIGN_S3_ACCESS_KEY CONSIGN_S3_SECRET_KEY \
            CONSIGN_S3_TEST_BUCKET; do
            printf 'export %s=%q\n' "$name" "${!name}"
        done
    fi
    for name in CONSIGN_URL KAFKA_BROKERS MONGO_URI SEARCH_URL CONSIGN_DATABASE \
        CONSIGN_KEY_PEPPER ACME_KEY_ID ACME_SECRET GLOBEX_KEY_ID GLOBEX_SECRET LIMITED_KEY_ID LIMITED_SECRET; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done
}

# stack_logs [name]
stack_logs() {
    local known=" ${servers[*]} ${services[*]} "

    if [[ -n ${1:-} ]]; then
        [[ $known == *" $1 "* ]] || fail "there is no \"$1\"" "One of:$known"
        exec tail -n 200 -F "$log_dir/$1.log"
    fi
    compgen -G "$log_dir/*.log" >/dev/null || fail "stack $stack has no logs yet" "./dev up starts it."
    exec tail -n 20 -F "$log_dir"/*.log
}

# stack_clean [--all]
stack_clean() {
    if [[ ${1:-} == --all ]]; then
        for stack in dev test bench; do
            stack_select "$stack"
            stack_down
        done
        rm -rf .dev build
        printf 'removed everything under .dev and build\n'
    else
        stack_down
        rm -rf "$run_dir"
        printf 'removed the data of stack %s\n' "$stack"
    fi
}
