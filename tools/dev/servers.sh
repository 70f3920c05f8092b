# Kafka, the MongoDB-protocol server, OpenSearch and, for tests, an S3 server: each one process on the loopback interface.

# Of stack test, a second listener sends its clients to the address where the chaos tests have their proxy.
kafka_properties() {
    local proxied='' proxied_advertised=''

    if [[ $stack == test ]]; then
        proxied=",PROXIED://127.0.0.1:${port[kafka_proxied]}"
        proxied_advertised=",PROXIED://127.0.0.2:${port[kafka]}"
    fi
    cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${port[kafka_controller]}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port[kafka]},CONTROLLER://127.0.0.1:${port[kafka_controller]}$proxied
advertised.listeners=PLAINTEXT://127.0.0.1:${port[kafka]}$proxied_advertised
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
END
}

# The folder gets its name only when it is formatted whole.
kafka_format() {
    local fresh=$data_dir/kafka.new

    rm -rf "$fresh"
    mkdir -p "$fresh"
    kafka_properties "$fresh" >"$run_dir/kafka.properties"
    java -cp "$PWD/.dev/kafka/lib/*" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$run_dir/kafka.properties"
    mv "$fresh" "$data_dir/kafka"
}

kafka_start() {
    require_free_port "${port[kafka]}" KAFKA_PORT
    require_free_port "${port[kafka_controller]}" KAFKA_CONTROLLER_PORT
    require_free_port "${port[kafka_proxied]}" KAFKA_PROXIED_PORT
    if [[ ! -d $data_dir/kafka ]]; then
        kafka_format
    fi
    kafka_properties "$data_dir/kafka" >"$run_dir/kafka.properties"
    process_start kafka java -Xmx512m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS \
        -cp "$PWD/.dev/kafka/lib/*" kafka.Kafka "$run_dir/kafka.properties"
}

kafka_answers() {
    kcat -L -m 2 -b "$KAFKA_BROKERS"
}

# Without --sync-on-commit a kill loses what was acknowledged within about the last tenth of a second, whatever the write
# concern says; MongoDB's own journal does not.
mongodb_start() {
    require_free_port "${port[mongodb]}" MONGO_PORT
    mkdir -p "$data_dir/mongodb"
    process_start mongodb "$PWD/.dev/mongo/bin/secantusd-rs" --host 127.0.0.1 --port "${port[mongodb]}" \
        --storage-path "$data_dir/mongodb" --cache-size 1G --sync-on-commit --log-level WARNING
}

mongodb_answers() {
    .dev/venv/bin/python tools/mongo/ping.py
}

opensearch_start() {
    require_free_port "${port[opensearch]}" SEARCH_PORT
    require_free_port "${port[opensearch_transport]}" SEARCH_TRANSPORT_PORT
    process_start opensearch java -Xmx512m -XX:+UseSerialGC -cp "$PWD/.dev/opensearch/classes:$PWD/.dev/opensearch/lib/*" \
        OpenSearchNode "$data_dir/opensearch" "${port[opensearch]}" "${port[opensearch_transport]}"
}

opensearch_answers() {
    curl --silent --fail --max-time 2 "$SEARCH_URL/"
}

# A bucket is a folder.
s3_start() {
    require_free_port "${port[s3]}" S3_PORT
    mkdir -p "$data_dir/s3/$CONSIGN_S3_TEST_BUCKET"
    process_start s3 "$PWD/.dev/s3/bin/s3s-fs" --host 127.0.0.1 --port "${port[s3]}" \
        --access-key "$CONSIGN_S3_ACCESS_KEY" --secret-key "$CONSIGN_S3_SECRET_KEY" "$data_dir/s3"
}

# Who does not sign is refused; that is an answer, too.
s3_answers() {
    curl --silent --output /dev/null --max-time 2 "$CONSIGN_S3_ENDPOINT/"
}

# server_up <name>: starts it unless it runs, returns when it answers.
server_up() {
    if ! process_runs "$1"; then
        mkdir -p "$run_dir" "$data_dir"
        "$1_start"
    fi
    process_wait "$1" 120 "$1_answers"
}

servers_up() {
    local name

    for name in "${servers[@]}"; do
        if ! process_runs "$name" || ! "${name}_answers" >/dev/null 2>&1; then
            step_begin "start $name" server_up "$name"
        fi
    done
    steps_wait
}

# Kafka's log and the database are flushed by SIGTERM; search first, as nothing else needs it.
servers_down() {
    processes_stop 30 opensearch s3
    processes_stop 60 kafka
    processes_stop 30 mongodb
}
