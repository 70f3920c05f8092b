#include "announce.h"

#include "bus/bus.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/event.h"
#include "json/json.h"
#include "message/topics.h"

_Static_assert((int)EVENT_MAX_HEADERS <= (int)BUS_MAX_HEADERS,
               "all headers of an event fit into a message");

static const char *topic_of_job(const bson_t *job)
{
    const char *name = document_text(job, "entity");
    const struct entity *entity = name ? entity_named(name) : NULL;

    if (entity == &entity_customers) {
        return TOPIC_COMPLETED_CUSTOMERS;
    }
    return entity == &entity_products ? TOPIC_COMPLETED_PRODUCTS : TOPIC_COMPLETED_ENTITIES;
}

static bool add_event(struct bus_group *group, const char *topic, const struct event *event,
                      int64_t timeout_ms, struct err *err)
{
    AUTO(buf) struct buf json = {0};
    struct bus_out message = {.topic = topic, .key = event->key};

    json_write(&json, event->data);
    message.value = (struct str){json.data, json.len};
    for (size_t i = 0; event->headers[i].key; i++) {
        message.headers[i] = (struct bus_header){event->headers[i].key, event->headers[i].value};
    }
    return bus_group_add(group, &message, timeout_ms, err);
}

bool announce(struct bus_producer *producer, const struct announcement *announcement,
              int64_t timeout_ms, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bus_group) struct bus_group *group = bus_group_new(producer);

    if (announcement->job) {
        struct event event = event_of_job(arena, announcement->job);

        if (!add_event(group, topic_of_job(announcement->job), &event, timeout_ms, err)) {
            return false;
        }
    }
    if (announcement->batch) {
        struct event event = event_of_batch(arena, announcement->batch);

        if (!add_event(group, TOPIC_COMPLETED_BATCHES, &event, timeout_ms, err)) {
            return false;
        }
    }
    return bus_group_wait(group, timeout_ms, err);
}
