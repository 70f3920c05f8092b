# ./dev demo: the product's story, told with curl. Every expectation is checked; the first that fails ends the demo.

examples=tests/data/examples
feed_products=10000
feed_parts=4

say() {
    printf '\n%s%s%s\n' "$ui_bold" "$1" "$ui_plain"
}

show_command() {
    printf '%s$ %s%s\n' "$ui_dim" "$1" "$ui_plain"
}

expect() {
    if [[ $2 != "$3" ]]; then
        fail "$1: expected $2, got $3" "./dev logs shows what the services say."
    fi
}

# api <expected status> <method> <path> [body file]: the answer goes to $answer and is not shown.
api() {
    local status arguments=(--silent --max-time 60 -X "$2" -o "$run_dir/answer.json" -w '%{http_code}'
        -H 'x-auth-method: api-key' -H "x-api-key-id: $ACME_KEY_ID" -H "x-api-secret: $ACME_SECRET")

    if [[ -n ${4:-} ]]; then
        arguments+=(-H 'Content-Type: application/json' --data-binary "@$4")
    fi
    status=$(curl "${arguments[@]}" "$CONSIGN_URL$3") || fail "$2 $3 got no answer"
    answer=$(<"$run_dir/answer.json")
    if [[ $status != "$1" ]]; then
        printf '%s\n' "$answer"
    fi
    expect "$2 $3" "$1" "$status"
}

# show_api <jq filter> <expected status> <method> <path> [body file]: shows the command and the answer.
show_api() {
    local filter=$1 options='' pipe=jq

    shift
    if [[ -n ${4:-} ]]; then
        options=" -H 'Content-Type: application/json' -d @${4#"$PWD"/}"
    fi
    if [[ $filter != . ]]; then
        pipe="jq '$filter'"
    fi
    show_command "curl \"\${auth[@]}\" \"\$CONSIGN_URL$3\"$options | $pipe"
    api "$@"
    printf '%sHTTP %s%s\n' "$ui_dim" "$1" "$ui_plain"
    jq "$filter" <<<"$answer"
}

# poll <seconds> <path> <jq condition>: asks until the condition holds.
poll() {
    local deadline=$((SECONDS + $1))

    api 200 GET "$2"
    until jq -e "$3" <<<"$answer" >/dev/null; do
        if ((SECONDS >= deadline)); then
            jq . <<<"$answer"
            fail "$2 did not get to: $3" "Waited $1 s."
        fi
        sleep 0.2
        api 200 GET "$2"
    done
}

# show_job <path> <jq condition>: polls the job and shows what became of it.
show_job() {
    poll 120 "$1" '.job.status == "completed" or .job.status == "failed"'
    poll 60 "$1" "$2"
    show_api '.job' 200 GET "$1"
    expect "the job's status" completed "$(jq -r .job.status <<<"$answer")"
    expect "failed rows" 0 "$(jq -r .job.failed_rows <<<"$answer")"
}

# show_event <topic> <key>: the completion event as any consumer of the topic sees it.
show_event() {
    local deadline=$((SECONDS + 30)) event=''

    show_command "kcat -b $KAFKA_BROKERS -C -t $1 -o beginning -e -q -f '%k\\n%h\\n%s\\n' | grep -A 2 '^$2\$'"
    until [[ -n $event ]]; do
        if ((SECONDS >= deadline)); then
            fail "topic $1 has no event with the key $2" "Waited 30 s."
        fi
        event=$(kcat -b "$KAFKA_BROKERS" -C -t "$1" -o beginning -e -q -f '%k\n%h\n%s\n' | grep -A 2 "^$2\$") || sleep 0.2
    done
    sed -n 2p <<<"$event" | tr ',' '\n' | sed 's/^/  /'
    sed -n 3p <<<"$event" | jq .
}

demo_companies() {
    # shellcheck disable=SC2016
    show_command 'eval "$(./dev env)"'
    # shellcheck disable=SC2016
    show_command 'auth=(-H "x-auth-method: api-key" -H "x-api-key-id: $ACME_KEY_ID" -H "x-api-secret: $ACME_SECRET")'
    say '1. A partner sends two companies. The answer comes at once; the work is done behind it.'
    show_api . 202 POST /api/b2b/customers/import/api "$examples/companies.json"
    show_job "/api/b2b/customers/import/api/$(jq -r .job_id <<<"$answer")" true
    show_api '.customer' 200 GET /api/b2b/customers/000123
}

demo_products() {
    local job

    say '2. Two products by the queue: part 1 of a batch of 4.'
    jq --arg id "$1" '.batch_metadata.batch_id = $id' "$examples/products-queue.json" >"$run_dir/products-queue.json"
    show_api . 202 POST /api/b2b/pim/import/queue "$run_dir/products-queue.json"
    show_job "/api/b2b/pim/jobs/$(jq -r .job_id <<<"$answer")" '.job.indexed_rows == 2'
    show_api . 200 GET "/api/b2b/batches/$1"

    say '3. One product with every field there is: versioned, scored, published and searchable.'
    show_command "jq '{source_id, merge_mode, products}' $examples/full-product-request.json >full-product.json"
    jq '{source_id, merge_mode, products}' "$examples/full-product-request.json" >"$run_dir/full-product.json"
    show_api . 202 POST /api/b2b/pim/import/queue "$run_dir/full-product.json"
    job=$(jq -r .job_id <<<"$answer")
    show_job "/api/b2b/pim/jobs/$job" '.job.indexed_rows == 1'
    show_api '.product | {entity_code, version, isCurrent, status, completeness_score, name, pricing, source}' \
        200 GET /api/b2b/pim/products/SKU-0001
    expect 'the status of SKU-0001' published "$(jq -r .product.status <<<"$answer")"
    show_api '[.versions[] | {version, isCurrent, status, updated_at}] | .[:5]' 200 GET /api/b2b/pim/products/SKU-0001/versions
    expect 'current versions of SKU-0001' 1 "$(jq '[.versions[] | select(.isCurrent)] | length' <<<"$answer")"
    # The search engine shows a document some time after it took it.
    poll 30 '/api/b2b/pim/products?q=valvola%20sfera%20ottone' 'any(.products[]; .entity_code == "SKU-0001")'
    show_api '{total, products: [.products[] | {entity_code, version, name: .name.it}] | .[:5]}' 200 GET \
        '/api/b2b/pim/products?q=valvola%20sfera%20ottone'
    show_event import-completed.products "$job"
}

now_ms() {
    date +%s%3N
}

# feed_progress <job id ...>: follows the jobs until all have ended and the index has all their rows.
feed_progress() {
    local deadline=$((SECONDS + 300)) job line processed indexed ended state next_line=0

    while true; do
        line='' processed=0 indexed=0 ended=0
        for job in "$@"; do
            api 200 GET "/api/b2b/pim/jobs/$job"
            read -r -a state < <(jq -r '.job | "\(.status) \(.processed_rows) \(.indexed_rows) \(.total_rows)"' <<<"$answer")
            line+=$(printf ' %5d/%d' "${state[1]}" "${state[3]}")
            processed=$((processed + state[1])) indexed=$((indexed + state[2]))
            case ${state[0]} in
            completed) ended=$((ended + 1)) ;;
            failed) fail "job $job failed" ;;
            esac
        done
        if ((ended == $# && feed_done_ms == 0)); then
            feed_done_ms=$(now_ms)
        fi
        api 200 GET "/api/b2b/batches/$feed_batch"
        line+=$(printf '  batch %-10s  indexed %5d' "$(jq -r .status <<<"$answer")" "$indexed")
        line+=$(printf '  %5d rows/s' $((processed * 1000 / ((feed_done_ms ? feed_done_ms : $(now_ms)) - feed_start_ms + 1))))
        if [[ -n $ui_live ]]; then
            printf '\r\e[K %s' "$line"
        elif ((SECONDS >= next_line)); then
            printf ' %s\n' "$line"
            next_line=$((SECONDS + 2))
        fi
        if ((ended == $# && indexed == feed_products)); then
            printf '%s' "${ui_live:+$'\n'}"
            return
        fi
        ((SECONDS < deadline)) || fail 'the feed was not done within 300 s'
        sleep 0.2
    done
}

indexed_count() {
    curl --silent --fail -X POST "$SEARCH_URL/consign-products-acme/_refresh" >/dev/null
    curl --silent --fail "$SEARCH_URL/consign-products-acme/_count" | jq .count
}

current_count() {
    .dev/venv/bin/python - <<'END'
import os, pymongo
database = pymongo.MongoClient(os.environ["MONGO_URI"])[os.environ["CONSIGN_DATABASE"]]
print(database.products.count_documents({"tenant": "acme"}))
END
}

sum_of_jobs() {
    local field=$1 job total=0

    shift
    for job in "$@"; do
        api 200 GET "/api/b2b/pim/jobs/$job"
        total=$((total + $(jq ".job.$field" <<<"$answer")))
    done
    printf '%s\n' "$total"
}

demo_feed() {
    local part jobs=() rows unchanged batches indexed current

    feed_batch=$1 feed_done_ms=0
    say "4. A feed of $feed_products products, sent as $feed_parts parts of one batch."
    show_command ".dev/venv/bin/python tools/feed.py --folder .dev/run/$stack/feed --batch-id $feed_batch --products $feed_products --parts $feed_parts"
    .dev/venv/bin/python tools/feed.py --folder "$run_dir/feed" --batch-id "$feed_batch" --products "$feed_products" \
        --parts "$feed_parts" --seed "$(date +%s)"
    feed_start_ms=$(now_ms)
    for ((part = 1; part <= feed_parts; part++)); do
        api 202 POST /api/b2b/pim/import/queue "$run_dir/feed/part-$part.json"
        jobs+=("$(jq -r .job_id <<<"$answer")")
        printf '  part %d accepted: %s\n' "$part" "${jobs[-1]}"
    done
    feed_progress "${jobs[@]}"
    poll 30 "/api/b2b/batches/$feed_batch" '.status == "completed"'
    show_api 'del(.jobs)' 200 GET "/api/b2b/batches/$feed_batch"
    show_event import-completed.batches "$feed_batch"

    rows=$(sum_of_jobs successful_rows "${jobs[@]}")
    unchanged=$(sum_of_jobs unchanged_rows "${jobs[@]}")
    batches=$(sum_of_jobs search_batches_queued "${jobs[@]}")
    indexed=$(indexed_count)
    current=$(current_count)
    say 'Summary'
    printf '  %-34s %s\n' 'rows applied' "$rows" \
        'rows per second, request to end' "$((rows * 1000 / (feed_done_ms - feed_start_ms + 1)))" \
        'versions written' "$((rows - unchanged))" 'search batches of 50' "$batches" \
        'products in the search index' "$indexed" 'current products in the database' "$current"
    expect 'rows applied' "$feed_products" "$rows"
    expect 'the search index against the database' "$current" "$indexed"
}

demo() {
    local run

    run=$(date +%Y%m%d-%H%M%S)
    stack_up
    title "stack $stack is up at $CONSIGN_URL"
    demo_companies
    demo_products "weekly-$run"
    demo_feed "feed-$run"
    say 'The demo went through. Its commands work in your shell as they stand above.'
}
