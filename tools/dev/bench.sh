# ./dev bench: programs under tests/bench against the release build.

bench_programs() {
    compgen -G 'tests/bench/[a-z]*.py' | sed 's|.*/||; s|\.py$||'
}

# The user's stack when it is up with the release build, else one of its own that is taken down at the end.
bench_stack_up() {
    stack_select dev
    if [[ $(cat "$run_dir/goal" 2>/dev/null) == services ]] && service_is_release ingress; then
        stack_up
        return
    fi
    stack_select bench
    at_exit bench_stack_down
    stack_clean >/dev/null
    stack_up
}

service_is_release() {
    [[ $(sed -n 2p "$run_dir/$1.pid" 2>/dev/null) == */build/release/bin/* ]] && process_runs "$1"
}

bench_stack_down() {
    stack_clean >/dev/null
}

# run_bench [name ...]
run_bench() {
    local names=("$@") name

    if ((${#names[@]} == 0)); then
        mapfile -t names < <(bench_programs)
    fi
    ((${#names[@]} > 0)) || fail "there are no benchmarks yet" "They are the programs tests/bench/<name>.py."
    for name in "${names[@]}"; do
        [[ -f tests/bench/$name.py ]] || fail "there is no benchmark \"$name\"" "One of: $(bench_programs | tr '\n' ' ')"
    done
    export CONSIGN_BUILD=release
    bench_stack_up
    credentials_load
    export CONSIGN_BIN_DIR=$PWD/build/release/bin
    for name in "${names[@]}"; do
        title "bench $name"
        .dev/venv/bin/python -B "tests/bench/$name.py"
    done
}
