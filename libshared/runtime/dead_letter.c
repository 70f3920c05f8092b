#include "runtime/dead_letter.h"

#include "message/topics.h"

#include <inttypes.h>

enum { OWN_HEADERS = 6 };

static const char own_prefix[] = "dlq-";

/* Headers of an earlier death are left out: a letter that was sent back and died again says why it
 * died last. */
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

bool dead_letter_publish(struct bus_producer *producer, const struct dead_letter *letter,
                         int64_t timeout_ms, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
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
    add_header(&out, "dlq-error", letter->why->msg);
    add_header(&out, "dlq-kind", err_kind_name(letter->why->kind));
    add_header(&out, "dlq-attempts", arena_printf(arena, "%u", letter->attempts));
    return bus_publish(producer, &out, 1, timeout_ms, err);
}
