#include "command.h"

#include "bus/bus.h"
#include "config/config.h"
#include "message/topics.h"
#include "search/search.h"
#include "store/store.h"

#include <stdio.h>

#define DAYS(n) (INT64_C(n) * 24 * 60 * 60 * 1000)

/* A chunk is 900 KB at most; its dead letter has a few headers more. */
enum { MESSAGE_BYTES = 1024 * 1024, LETTER_BYTES = 1088 * 1024 };

/* The import topics must not outlive the receipts, which know what was applied
 * (CONSIGN_RECEIPT_TTL_S). */
static const struct {
    const char *topic;
    int64_t retention_ms;
    bool has_dead_letters;
} topics[] = {
    {TOPIC_IMPORT_PRODUCTS, DAYS(7), true},
    {TOPIC_IMPORT_CUSTOMERS, DAYS(7), true},
    {TOPIC_IMPORT_ORGANIZATIONS, DAYS(7), true},
    {TOPIC_IMPORT_ENTITIES, DAYS(7), true},
    {TOPIC_IMPORT_FILES, DAYS(7), true},
    {TOPIC_PROGRESS, DAYS(7), true},
    {TOPIC_SEARCH, DAYS(3), true},
    {TOPIC_COMPLETED_PRODUCTS, DAYS(30), false},
    {TOPIC_COMPLETED_CUSTOMERS, DAYS(30), false},
    {TOPIC_COMPLETED_ORGANIZATIONS, DAYS(30), false},
    {TOPIC_COMPLETED_ENTITIES, DAYS(30), false},
    {TOPIC_COMPLETED_BATCHES, DAYS(30), false},
};

enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

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
        specs[count++] = spec_of(config, topics[i].topic, topics[i].retention_ms, MESSAGE_BYTES);
        if (topics[i].has_dead_letters) {
            const char *letters = arena_printf(arena, "%s%s", topics[i].topic, TOPIC_DLQ_SUFFIX);

            specs[count++] = spec_of(config, letters, DAYS(30), LETTER_BYTES);
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
