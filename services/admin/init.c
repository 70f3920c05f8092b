#include "command.h"

#include "bus/bus.h"
#include "config/config.h"
#include "message/topics.h"
#include "search/search.h"
#include "store/store.h"
#include "topics.h"

#include <stdio.h>

/* A chunk is 900 KB at most; its dead letter has a few headers more. */
enum { MESSAGE_BYTES = 1024 * 1024, LETTER_BYTES = 1088 * 1024 };

static struct bus_topic_spec spec_of(const struct config *config, const char *topic,
                                     int64_t retention_ms, int64_t max_message_bytes)
{
    return (struct bus_topic_spec){
        .topic = topic,
        .partitions = (int)config->partitions,
        .replication = (int)config->replication,
        .retention_ms = retention_ms,
        .max_message_bytes = max_message_bytes,
    };
}

static bool create_topics(const struct config *config, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct bus_topic_spec specs[2 * TOPICS];
    size_t count = 0;

    for (size_t i = 0; i < TOPICS; i++) {
        specs[count++] = spec_of(config, topics[i].name, topics[i].retention_ms, MESSAGE_BYTES);
        if (topics[i].has_dead_letters) {
            const char *letters = arena_printf(arena, "%s%s", topics[i].name, TOPIC_DLQ_SUFFIX);

            specs[count++] = spec_of(config, letters, LETTER_RETENTION_MS, LETTER_BYTES);
        }
    }
    return bus_create_topics(config, specs, count, err);
}

static bool create_schema(const struct config *config, struct err *err)
{
    struct store *store;

    if (!store_open(config, &store, err)) {
        return false;
    }
    bool ok = store_create_schema(store, err);

    store_close(store);
    return ok;
}

static bool create_template(const struct config *config, struct err *err)
{
    AUTO(search) struct search *search = NULL;

    return search_open(config, &search, err) && search_put_template(search, err);
}

enum status run_init(const struct config *config, const struct command *command, int argc,
                     char **argv)
{
    static const struct option_spec none[] = {{0}};
    struct err err;

    if (!command_read_options(command, argc, argv, none, NULL)) {
        return STATUS_USAGE;
    }
    if (!create_topics(config, &err) || !create_schema(config, &err) ||
        !create_template(config, &err)) {
        return command_failed(command, &err);
    }
    puts("topics, collections, indexes and the search template are there");
    return STATUS_OK;
}
