# The test suites: how each is run. A suite leaves JUnit results in <results>/<suite>.xml.

# What CI runs. These must have tests; the further ones run as soon as they have some.
required_suites=(unit property simulation arch integration e2e fault chaos)
further_suites=(fuzz)

suite_exists() {
    case $1 in
    unit | property | simulation | integration) compgen -G "tests/$1/test_*.c" ;;
    e2e | arch | fault | chaos) compgen -G "tests/$1/test_*.py" ;;
    fuzz) compgen -G 'tests/fuzz/corpus/*' ;;
    *) return 1 ;;
    esac >/dev/null
}

# suites_need <servers|services> <suite ...>: whether one of the suites does.
suites_need() {
    local need=$1 suite

    shift
    for suite in "$@"; do
        case $need:$suite in
        servers:integration | services:e2e | services:fault | services:chaos) return 0 ;;
        esac
    done
    return 1
}

suite_ctest() {
    local parallel=1

    if [[ $1 == unit || $1 == property ]]; then
        parallel=$(nproc)
    fi
    ctest --test-dir build/dev --label-regex "^$1\$" --no-tests=error --parallel "$parallel" --output-on-failure \
        --test-output-size-passed 10000000 --test-output-size-failed 10000000 --output-junit "$results/$1.xml"
}

suite_pytest() {
    .dev/venv/bin/python -B -m pytest "tests/$1" -q -p no:cacheprovider --junit-xml "$results/$1.xml"
}

# fuzz_search <target>: looks for new inputs that crash, for CONSIGN_FUZZ_SECONDS; what it finds stays in the results.
fuzz_search() {
    local name=$1 found=$results/fuzz-$1

    mkdir -p "$found"
    "build/fuzz/bin/fuzz_$name" -max_total_time="$CONSIGN_FUZZ_SECONDS" -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$found/" "$found" "tests/fuzz/corpus/$name" >"$results/fuzz-$name.out" 2>&1
}

# fuzz_search_all <target ...>: two at a time; prints a case for each.
fuzz_search_all() {
    local i name pids=() targets=("$@")

    for i in "${!targets[@]}"; do
        if ((i >= 2)); then
            wait "${pids[i - 2]}" || true
        fi
        fuzz_search "${targets[i]}" &
        pids+=("$!")
    done
    for i in "${!targets[@]}"; do
        name=${targets[i]}
        if wait "${pids[i]}"; then
            printf '%s\n' "nothing_crashes_${name}=0"
        else
            printf '%s\n' "nothing_crashes_${name}=1"
            tail -n 60 "$results/fuzz-$name.out" >>"$results/fuzz.out"
        fi
    done
}

# Every corpus is replayed once through its target; with CONSIGN_FUZZ_SECONDS, new inputs are searched too.
suite_fuzz() {
    local name status names=() cases=() searched=()

    for name in tests/fuzz/corpus/*/; do
        names+=("$(basename "$name")")
    done
    build_configure_and_compile fuzz "${names[@]/#/fuzz_}"
    for name in "${names[@]}"; do
        status=0
        "build/fuzz/bin/fuzz_$name" -runs=0 "tests/fuzz/corpus/$name" >>"$results/fuzz.out" 2>&1 || status=1
        cases+=("the_corpus_of_${name}_passes=$status")
    done
    if ((${CONSIGN_FUZZ_SECONDS:-0} > 0)); then
        mapfile -t searched < <(fuzz_search_all "${names[@]}")
        cases+=("${searched[@]}")
    fi
    results_write fuzz "${cases[@]}"
    [[ " ${cases[*]}" != *=1* ]]
}

# A few histories with the sanitizers, and the many without.
suite_simulation() {
    local few=0 many=0 program=bin/simulation_test_simulation

    # The sanitizer's fake stacks know nothing of coroutines.
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_stack_use_after_return=0 "build/dev/$program" >>"$results/simulation.out" 2>&1 || few=1
    build_configure_and_compile simulation simulation_test_simulation
    CONSIGN_SIMULATION_SEEDS=${CONSIGN_SIMULATION_SEEDS:-100000} "build/simulation/$program" >>"$results/simulation.out" 2>&1 || many=1
    results_write simulation "nothing_is_lost_or_twice_with_sanitizers=$few" "nothing_is_lost_or_twice_in_many_histories=$many"
    ((few + many == 0))
}

# Looks at what ships, too.
suite_arch() {
    build_configure_and_compile release
    suite_pytest arch
}

suite_run() {
    export CONSIGN_BIN_DIR=$PWD/build/dev/bin
    case $1 in
    unit | property | integration) suite_ctest "$1" ;;
    e2e | fault | chaos) suite_pytest "$1" ;;
    arch) suite_arch ;;
    simulation) suite_simulation ;;
    fuzz) suite_fuzz ;;
    esac
}

# results_write <suite> <case>=<0 or 1> ...: <results>/<suite>.out is what failed cases show.
results_write() {
    .dev/venv/bin/python -B tools/dev/results.py write "$results/$1.xml" "$results/$1.out" "${@:2}"
}
