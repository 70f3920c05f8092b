#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ingress;

/* How far the product importers are behind Kafka, as it was at most about a second ago. All zero:
 * nobody has asked yet. Shared by the threads that answer. */
struct lag {
    _Atomic int64_t asked_at_ms; /* monotonic */
    _Atomic int64_t messages;    /* -1: Kafka did not answer */
    _Atomic bool is_asking;
};

/* Chunks of product imports, of all tenants, that have not been applied yet; -1 when Kafka does not
 * say. One thread at a time asks, for half a second at most; the others take what is known. */
int64_t lag_of_products(struct ingress *app);
