# ./dev test: runs suites, with the stack `test` for those that need it, and sums up.

# ---- the stack while the tests run ----

logs_mark() {
    local log

    for log in "$log_dir"/*.log; do
        if [[ -f $log ]]; then
            stat -c '%s %n' "$log"
        fi
    done >"$results/logs.mark"
}

# What the logs got since the mark: <results>/logs/<name>.log
logs_since_mark() {
    local log size

    mkdir -p "$results/logs"
    for log in "$log_dir"/*.log; do
        if [[ -f $log ]]; then
            size=$(awk -v log_file="$log" '$2 == log_file { print $1 }' "$results/logs.mark")
            tail -c "+$((${size:-0} + 1))" "$log" >"$results/logs/$(basename "$log")"
        fi
    done
}

sanitizer_reports() {
    grep -H -A 40 -E 'ERROR: (Address|Leak|Undefined|Thread)Sanitizer|runtime error: ' "$results"/logs/*.log
}

services_all_run() {
    local name dead=0

    for name in "${services[@]}"; do
        if ! process_runs "$name"; then
            printf '%s does not run any more\n' "$name"
            dead=1
        fi
    done
    return "$dead"
}

# Two cases of their own. The leak check of a service speaks when it ends, so the services are stopped between them.
services_verdict() {
    local dead=0 dirty=0

    services_all_run >"$results/services.out" || dead=1
    services_down
    logs_since_mark
    if sanitizer_reports >>"$results/services.out"; then
        dirty=1
    fi
    results_write services "every_service_survives_the_tests=$dead" "no_service_writes_a_sanitizer_report=$dirty"
    ((dead + dirty == 0))
}

# From empty data, unless the user has it up already.
test_stack_up() {
    if stack_runs; then
        stack_was_up=1
    else
        stack_was_up=''
        at_exit test_stack_down
        stack_clean >/dev/null
    fi
    if suites_need services "$@"; then
        stack_up
    else
        stack_up --servers
    fi
    logs_mark
}

test_stack_down() {
    stack_lock
    services_down
    servers_down
    rm -f "$run_dir/goal"
}

show_log_tails() {
    local log

    logs_since_mark
    for log in "$results"/logs/*.log; do
        if [[ -s $log ]]; then
            title "--- the end of $(basename "$log")"
            tail -n 30 "$log"
        fi
    done
}

# ---- the run ----

# suite_report <suite> <command> [argument ...]: runs it as a step, records status and seconds, shows what failed.
suite_report() {
    local suite=$1 start=$SECONDS status=0 step_tail=0

    shift
    step_begin "suite $suite" "$@"
    steps_end || status=1
    printf '%s %s\n' "$status" "$((SECONDS - start))" >"$results/$suite.status"
    suites_run+=("$suite")
    if [[ -f $results/$suite.txt ]]; then
        cat "$results/$suite.txt"
    fi
    if ((status != 0)); then
        if [[ ! -f $results/$suite.xml ]]; then
            tail -n 60 ".dev/logs/suite-$suite.log"
        fi
        .dev/venv/bin/python -B tools/dev/results.py failures "$results/$suite.xml"
        if [[ -f $results/logs.mark && $suite != arch && $suite != services ]]; then
            show_log_tails
        fi
    fi
}

suites_default() {
    local suite

    printf '%s\n' "${required_suites[@]}"
    for suite in "${further_suites[@]}"; do
        if suite_exists "$suite"; then
            printf '%s\n' "$suite"
        fi
    done
}

# chaos_options chaos [--seconds N] [--seed S]: what the suite reads from its environment.
chaos_options() {
    shift
    while (($# > 0)); do
        [[ $1 == --seconds || $1 == --seed ]] || fail "chaos has no option \"$1\"" "./dev test chaos [--seconds N] [--seed S]"
        [[ ${2:-} =~ ^[0-9]+$ ]] || fail "$1 needs a number" "./dev test chaos [--seconds N] [--seed S]"
        if [[ $1 == --seconds ]]; then
            export CHAOS_SECONDS=$2
        else
            export CHAOS_SEED=$2
        fi
        shift 2
    done
}

# run_tests [suite ...]
run_tests() {
    local suites=("$@") suite stack_wanted='' build=dev

    if [[ ${1:-} == chaos && (-z ${2:-} || $2 == --*) ]]; then
        chaos_options "$@"
        suites=(chaos)
        build=${CONSIGN_BUILD:-dev}
    fi
    if ((${#suites[@]} == 0)); then
        mapfile -t suites < <(suites_default)
    fi
    for suite in "${suites[@]}"; do
        if ! suite_exists "$suite"; then
            printf 'suite %s does not exist yet\n' "$suite" >&2
            exit 2
        fi
        if suites_need servers "$suite" || suites_need services "$suite"; then
            stack_wanted=1
        fi
    done
    export CONSIGN_BUILD=$build
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
    suites_run=()
    results=$PWD/.dev/results
    setup
    mkdir -p .dev/locks
    exec 7>.dev/locks/testing
    flock -n 7 || fail 'another ./dev test is running' 'They would share the stack and the results; wait for its end.'
    rm -rf "$results"
    mkdir -p "$results"
    stack_select test
    build_preset dev
    for suite in "${suites[@]}"; do
        if ! suites_need servers "$suite" && ! suites_need services "$suite"; then
            suite_report "$suite" suite_run "$suite"
        fi
    done
    if [[ -n $stack_wanted ]]; then
        run_stack_suites "${suites[@]}"
    fi
    .dev/venv/bin/python -B tools/dev/results.py summary "$results" "${suites_run[@]}"
}

run_stack_suites() {
    local suite

    test_stack_up "$@"
    for suite in "$@"; do
        if suites_need servers "$suite" || suites_need services "$suite"; then
            suite_report "$suite" suite_run "$suite"
        fi
    done
    if suites_need services "$@"; then
        suite_report services services_verdict
    fi
    if [[ -n $stack_was_up && $(cat "$run_dir/goal") == services ]]; then
        stack_up
    fi
}
