#include "bus/bus_producer.h"

#include "base/clock.h"
#include "config/config.h"

#include <time.h>

enum {
    POLL_MS = 100,
    SILENCE_MS =
        1000,       /* without a delivery for so long, brokers are asked whether they are there */
    PROBE_MS = 500, /* how long they have to answer */
    ANSWER_AGE_MS = 4000, /* an answer older than this proves nothing */
    PURGE_MS = 2000,
    AWAIT_STEP_MS = 5,
};

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
    struct bus_producer *producer = opaque;

    (void)kafka;
    if (!message->err) {
        atomic_store(&producer->last_answer_ms, clock_monotonic_ms());
    }
    bus_outgoing_report(message->_private, message->err);
}

static void on_error(rd_kafka_t *kafka, int code, const char *why, void *opaque)
{
    struct bus_producer *producer = opaque;

    (void)kafka;
    (void)why;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        atomic_store(&producer->last_answer_ms, 0);
    }
}

/* Asks about the topics in use (all of them before the first message): only a broker that works
 * answers. */
static void probe(struct bus_producer *producer)
{
    const struct rd_kafka_metadata *metadata = NULL;

    if (rd_kafka_metadata(producer->kafka, 0, NULL, &metadata, PROBE_MS) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_store(&producer->last_answer_ms, clock_monotonic_ms());
        rd_kafka_metadata_destroy(metadata);
    }
}

static void *poll_forever(void *arg)
{
    struct bus_producer *producer = arg;

    while (!atomic_load(&producer->is_closing)) {
        int64_t last_answer_ms = atomic_load(&producer->last_answer_ms);

        if (last_answer_ms == 0 || clock_monotonic_ms() - last_answer_ms > SILENCE_MS) {
            probe(producer);
        }
        rd_kafka_poll(producer->kafka, POLL_MS);
    }
    return NULL;
}

static bool connect_client(struct bus_producer *producer, const struct config *config,
                           struct err *err)
{
    AUTO(rd_kafka_conf) rd_kafka_conf_t *conf = NULL;

    if (!bus_conf_new(config, BUS_ROLE_PRODUCER, &conf, err)) {
        return false;
    }
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return bus_client_new(RD_KAFKA_PRODUCER, &conf, &producer->kafka, err);
}

bool bus_producer_open(const struct config *config, struct bus_producer **out, struct err *err)
{
    struct bus_producer *producer = mem_calloc(1, sizeof(*producer));

    pthread_mutex_init(&producer->lock, NULL);
    pthread_cond_init(&producer->changed, NULL);
    producer->prefix = mem_strdup(config->topic_prefix);
    if (!connect_client(producer, config, err)) {
        bus_producer_close(producer, 0);
        return false;
    }
    int failed = pthread_create(&producer->poller, NULL, poll_forever, producer);

    if (failed) {
        bus_producer_close(producer, 0);
        return err_set(err, ERR_INTERNAL, "Kafka producer thread: %s", strerror(failed));
    }
    producer->has_poller = true;
    *out = producer;
    return true;
}

static void free_topics(struct bus_producer *producer)
{
    while (producer->topics) {
        struct bus_topic *topic = producer->topics;

        producer->topics = topic->next;
        rd_kafka_topic_destroy(topic->handle);
        mem_free(topic);
    }
}

/* What is not delivered in time is thrown out, so that each message gets its report and each group
 * is freed. */
static void disconnect_client(struct bus_producer *producer, int64_t flush_ms)
{
    if (rd_kafka_flush(producer->kafka, (int)flush_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_purge(producer->kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(producer->kafka, PURGE_MS);
    }
    atomic_store(&producer->is_closing, true);
    if (producer->has_poller) {
        pthread_join(producer->poller, NULL);
    }
    free_topics(producer);
    rd_kafka_destroy(producer->kafka);
}

void bus_producer_close(struct bus_producer *producer, int64_t flush_ms)
{
    if (!producer) {
        return;
    }
    if (producer->kafka) {
        disconnect_client(producer, flush_ms);
    }
    pthread_cond_destroy(&producer->changed);
    pthread_mutex_destroy(&producer->lock);
    mem_free(producer->prefix);
    mem_free(producer);
}

bool bus_producer_is_up(struct bus_producer *producer)
{
    int64_t last_answer_ms = atomic_load(&producer->last_answer_ms);

    return last_answer_ms != 0 && clock_monotonic_ms() - last_answer_ms < ANSWER_AGE_MS;
}

bool bus_producer_await_up(struct bus_producer *producer, int64_t timeout_ms)
{
    const struct timespec pause = {.tv_nsec = AWAIT_STEP_MS * 1000000L};
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    while (!bus_producer_is_up(producer) && clock_monotonic_ms() < deadline_ms) {
        nanosleep(&pause, NULL);
    }
    return bus_producer_is_up(producer);
}
