#include "runtime/dead_letter.h"

#include "base/clock.h"
#include "message/topics.h"
#include "runtime/metrics.h"

#include <inttypes.h>

enum { OWN_HEADERS = 8 };

static const char own_prefix[] = "dlq-";

#define COUNTER(name_of_topic)                                                                     \
    {                                                                                              \
        .topic = name_of_topic, .letters = {                                                       \
            .name = "consign_dead_letters_total",                                                  \
            .help = "Messages sent to a dead-letter topic",                                        \
            .type = METRIC_COUNTER,                                                                \
            .labels = "topic=\"" name_of_topic "\""                                                \
        }                                                                                          \
    }

static struct {
    const char *topic;
    struct metric letters;
} counters[] = {
    COUNTER(TOPIC_IMPORT_PRODUCTS),
    COUNTER(TOPIC_IMPORT_CUSTOMERS),
    COUNTER(TOPIC_IMPORT_ORGANIZATIONS),
    COUNTER(TOPIC_IMPORT_ENTITIES),
    COUNTER(TOPIC_IMPORT_FILES),
    COUNTER(TOPIC_PROGRESS),
    COUNTER(TOPIC_SEARCH),
};

void dead_letter_count(const char *topic, int64_t n)
{
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (strcmp(counters[i].topic, topic) == 0) {
            metric_add(&counters[i].letters, n);
        }
    }
}

static void keep_headers(const struct bus_message *message, struct bus_out *out)
{
    size_t count = 0;

    for (size_t i = 0; i < BUS_MAX_HEADERS && message->headers[i].key; i++) {
        bool is_own = strncmp(message->headers[i].key, own_prefix, sizeof(own_prefix) - 1) == 0;

        if (!is_own && count < BUS_MAX_HEADERS - OWN_HEADERS) {
            out->headers[count++] = message->headers[i];
        }
    }
}

static void add_header(struct bus_out *out, const char *key, const char *value)
{
    size_t i = 0;

    while (out->headers[i].key) {
        i++;
    }
    out->headers[i] = (struct bus_header){key, value};
}

static const char *now(struct arena *arena)
{
    char text[CLOCK_ISO_SIZE];

    clock_format_iso(clock_now_ms(), text);
    return arena_strdup(arena, text);
}

struct bus_out dead_letter_compose(struct arena *arena, const struct dead_letter *letter)
{
    const struct bus_message *message = letter->message;
    struct bus_out out = {
        .topic = arena_printf(arena, "%s%s", message->topic, TOPIC_DLQ_SUFFIX),
        .key = message->key.p ? arena_strndup(arena, message->key.p, message->key.n) : NULL,
        .value = message->value,
        .weight = message->weight,
    };

    keep_headers(message, &out);
    add_header(&out, "dlq-topic", message->topic);
    add_header(&out, "dlq-partition", arena_printf(arena, "%" PRId32, message->partition));
    add_header(&out, "dlq-offset", arena_printf(arena, "%" PRId64, message->offset));
    add_header(&out, "dlq-error", arena_strdup(arena, letter->why->msg));
    add_header(&out, "dlq-kind",
               letter->is_crash ? DLQ_KIND_CRASHED : err_kind_name(letter->why->kind));
    add_header(&out, "dlq-attempts", arena_printf(arena, "%u", letter->attempts));
    add_header(&out, "dlq-group", letter->group);
    add_header(&out, "dlq-time", now(arena));
    return out;
}

static bool is_letter(const char *topic)
{
    size_t n = strlen(topic);
    size_t suffix = strlen(TOPIC_DLQ_SUFFIX);

    return n > suffix && strcmp(topic + n - suffix, TOPIC_DLQ_SUFFIX) == 0;
}

bool dead_letter_publish(struct bus_producer *producer, const struct dead_letter *letter,
                         int64_t timeout_ms, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct bus_out out = dead_letter_compose(arena, letter);

    if (is_letter(letter->message->topic)) {
        return true;
    }
    if (!bus_publish(producer, &out, 1, timeout_ms, err)) {
        return false;
    }
    dead_letter_count(letter->message->topic, 1);
    return true;
}
