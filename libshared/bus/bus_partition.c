#include "bus/bus_partition.h"

void bus_queue_watch(rd_kafka_queue_t *queue, int wake_fd)
{
    const uint64_t one = 1;

    rd_kafka_queue_io_event_enable(queue, wake_fd, &one, sizeof(one));
}

struct bus_partition *bus_partitions_open(rd_kafka_t *kafka,
                                          const rd_kafka_topic_partition_list_t *list, int wake_fd)
{
    struct bus_partition *partitions = mem_calloc((size_t)list->cnt, sizeof(*partitions));

    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *place = &list->elems[i];
        rd_kafka_queue_t *queue =
            rd_kafka_queue_get_partition(kafka, place->topic, place->partition);

        /* No longer forwarded to the consumer's queue. */
        rd_kafka_queue_forward(queue, NULL);
        bus_queue_watch(queue, wake_fd);
        partitions[i].queue = queue;
    }
    return partitions;
}

/* No more than is there now: after a fatal error librdkafka may go on fetching. */
static void drain(rd_kafka_queue_t *queue)
{
    rd_kafka_message_t *message;

    for (size_t left = rd_kafka_queue_length(queue);
         left > 0 && (message = rd_kafka_consume_queue(queue, 0)); left--) {
        rd_kafka_message_destroy(message);
    }
}

void bus_partitions_close(struct bus_partition *take_partitions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bus_partition *partition = &take_partitions[i];

        bus_queue_watch(partition->queue, -1);
        if (partition->next) {
            rd_kafka_message_destroy(partition->next);
        }
        drain(partition->queue);
        rd_kafka_queue_destroy(partition->queue);
    }
    mem_free(take_partitions);
}
