# Where things are: the ports, folders and addresses of a stack. A stack is one set of servers and services with data
# of its own: `dev` is the user's, `test` belongs to ./dev test, `bench` to ./dev bench.

# The services in the order in which they start; their metrics ports follow each other.
services=(
    ingress
    customer-importer
    product-importer
    entity-importer
    search-sync
    job-tracker
    file-reader
)

declare -A port=()

# stack_select [name]: every other function works on the stack selected last.
stack_select() {
    local offset i

    stack=${1:-${CONSIGN_STACK:-dev}}
    case $stack in
    dev) offset=0 ;;
    test) offset=10000 ;;
    bench) offset=20000 ;;
    *) fail "there is no stack \"$stack\"" "CONSIGN_STACK is one of dev, test, bench." ;;
    esac
    run_dir=$PWD/.dev/run/$stack
    log_dir=$run_dir/logs
    data_dir=$run_dir/data
    port=(
        [api]=$((${INGRESS_PORT:-8080} + offset))
        [kafka]=$((${KAFKA_PORT:-19092} + offset))
        [kafka_controller]=$((${KAFKA_CONTROLLER_PORT:-19093} + offset))
        [mongodb]=$((${MONGO_PORT:-27117} + offset))
        [opensearch]=$((${SEARCH_PORT:-9201} + offset))
        [opensearch_transport]=$((${SEARCH_TRANSPORT_PORT:-9301} + offset))
        [s3]=$((${S3_PORT:-9600} + offset))
    )
    servers=(kafka mongodb opensearch)
    if [[ $stack == test ]]; then
        servers+=(s3)
    fi
    for i in "${!services[@]}"; do
        port[${services[i]}]=$((${METRICS_PORT:-9100} + offset + i))
    done
    # From the stack alone: what an earlier `eval "$(./dev env)"` left in the shell may speak of another stack.
    export CONSIGN_STACK=$stack
    export CONSIGN_URL=http://127.0.0.1:${port[api]}
    export KAFKA_BROKERS=127.0.0.1:${port[kafka]}
    export MONGO_URI=mongodb://127.0.0.1:${port[mongodb]}
    export SEARCH_URL=http://127.0.0.1:${port[opensearch]}
    # The S3 server is for tests alone: uploads of the other stacks lie in the database.
    if [[ $stack == test ]]; then
        export CONSIGN_S3_ENDPOINT=http://127.0.0.1:${port[s3]} CONSIGN_S3_REGION=eu-south-1
        export CONSIGN_S3_ACCESS_KEY=consign-test CONSIGN_S3_SECRET_KEY=consign-test-secret CONSIGN_S3_TEST_BUCKET=consign-test
    fi
    export CONSIGN_DATABASE=${CONSIGN_DATABASE:-consign}
}

# One ./dev at a time changes a stack. The descriptor is closed again in programs that outlive this one.
stack_lock() {
    mkdir -p .dev/locks
    exec 9>".dev/locks/$stack"
    if ! flock -w 600 9; then
        fail "another ./dev has been working on stack $stack for ten minutes" "Wait for it or end it."
    fi
}

stack_unlock() {
    exec 9>&-
}
