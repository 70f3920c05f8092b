#include "topics.h"

#include "message/topics.h"

#include <string.h>

/* The import topics must not outlive the receipts, which know what was applied
 * (CONSIGN_RECEIPT_TTL_S). */
const struct topic topics[TOPICS] = {
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

const struct topic *topic_of_letters(const char *dlq)
{
    for (size_t i = 0; i < TOPICS; i++) {
        size_t n = strlen(topics[i].name);

        if (topics[i].has_dead_letters && strncmp(topics[i].name, dlq, n) == 0 &&
            strcmp(dlq + n, TOPIC_DLQ_SUFFIX) == 0) {
            return &topics[i];
        }
    }
    return NULL;
}

const struct topic *topic_with_letters(const char *name)
{
    for (size_t i = 0; i < TOPICS; i++) {
        if (topics[i].has_dead_letters && strcmp(topics[i].name, name) == 0) {
            return &topics[i];
        }
    }
    return NULL;
}
