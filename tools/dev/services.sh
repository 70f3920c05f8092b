# Consign's own programs of a stack: their credentials, their first data, their start.

credentials_file() {
    printf '%s\n' "$run_dir/credentials.env"
}

random_hex() {
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# Made once per stack, readable by their owner only.
credentials_load() {
    local file name

    file=$(credentials_file)
    if [[ ! -f $file ]]; then
        mkdir -p "$run_dir"
        (
            umask 077
            printf 'CONSIGN_KEY_PEPPER=%s\n' "$(random_hex 32)" >"$file.new"
            for name in ACME GLOBEX LIMITED; do
                printf '%s_KEY_ID=ak_%s_demo\n%s_SECRET=sk_%s\n' "$name" "${name,,}" "$name" "$(random_hex 32)"
            done >>"$file.new"
        )
        mv "$file.new" "$file"
    fi
    set -a
    # shellcheck disable=SC1090
    source "$file"
    set +a
}

# The program that `up` runs: the release build, or the one with the sanitizers for CONSIGN_BUILD=dev.
program() {
    printf '%s\n' "$PWD/build/${CONSIGN_BUILD:-release}/bin/consign-$1"
}

admin() {
    "$(program admin)" "$@"
}

key_put() {
    CONSIGN_KEY_SECRET=$2 admin key put "$1" --tenant "$3" --permissions "$4"
}

# Waits for everything put into the background; false when any of it failed.
wait_for_all() {
    local pid failed=0

    for pid in $(jobs -p); do
        wait "$pid" || failed=1
    done
    return "$failed"
}

# Topics, collections, indexes, and the tenants, keys and source of the demo. Changes nothing that is there already.
# Every run of the admin program spends half a second on leaving the database, so those that may, run side by side.
stack_seed() {
    local all=customers,import,B2BBulkImport,admin

    admin init
    admin tenant put acme --name ACME --languages it,en,de,fr --default-language it --search-languages it \
        --channel vinc-b2b &
    admin tenant put globex --name Globex --languages en --default-language en --search-languages "" \
        --channel default &
    wait_for_all
    key_put "$ACME_KEY_ID" "$ACME_SECRET" acme "$all" &
    key_put "$GLOBEX_KEY_ID" "$GLOBEX_SECRET" globex "$all" &
    key_put "$LIMITED_KEY_ID" "$LIMITED_SECRET" acme "" &
    admin source put --tenant acme --if-missing <<'END' &
{"source_id": "supplier-weekly-feed", "name": "Supplier weekly feed", "auto_publish_enabled": true, "min_score_threshold": 80}
END
    wait_for_all
}

# What a service is configured with; a running one that was started with other settings is restarted.
service_settings() {
    env | grep -E '^(CONSIGN_|KAFKA_BROKERS=|MONGO_URI=|SEARCH_URL=|ASAN_OPTIONS=|UBSAN_OPTIONS=)' |
        grep -v '^CONSIGN_BIN_DIR=' | sort | sha256sum
}

service_export() {
    export CONSIGN_LISTEN=127.0.0.1 CONSIGN_PORT=${port[api]} CONSIGN_METRICS_PORT=${port[$1]}
    export CONSIGN_INSTANCE=$1
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
}

service_is_current() {
    local started

    [[ $(process_pid "$1" && sed -n 2p "$run_dir/$1.pid") == *$'\n'"$(program "$1")" ]] || return 1
    [[ ! $(program "$1") -nt $run_dir/$1.pid ]] || return 1
    started=$(cat "$run_dir/$1.settings" 2>/dev/null) || return 1
    [[ $started == "$(service_export "$1" && service_settings)" ]]
}

service_answers() {
    curl --silent --fail --max-time 2 "http://127.0.0.1:${port[$1]}/readyz"
}

service_start() {
    processes_stop 30 "$1"
    if [[ $1 == ingress ]]; then
        require_free_port "${port[api]}" INGRESS_PORT
    fi
    require_free_port "${port[$1]}" METRICS_PORT
    service_export "$1"
    process_start "$1" "$(program "$1")"
    service_settings >"$run_dir/$1.settings"
}

service_up() {
    if ! (service_is_current "$1"); then
        service_start "$1"
    fi
    process_wait "$1" 60 service_answers "$1"
}

services_up() {
    local name

    for name in "${services[@]}"; do
        if ! (service_is_current "$name") || ! service_answers "$name" >/dev/null 2>&1; then
            step_begin "start $name" service_up "$name"
        fi
    done
    steps_wait
}

services_down() {
    processes_stop 30 "${services[@]}"
}
