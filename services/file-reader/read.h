#pragma once

#include "bus/bus.h"

/* The use case: an uploaded file becomes the same chunks as the rows of a JSON request. */

struct blobs;
struct config;
struct runtime;
struct store;

struct file_reader {
    const struct config *config;
    const struct runtime *runtime;
    struct store *store;
    struct blobs *blobs;
    struct bus_producer *producer;
};

/* Fits consume_options.handle; `ctx` is the struct file_reader. Reading a file again publishes the
 * same chunks again. A file that cannot be read fails its job. After the stop signal a file may be
 * read on for runtime_drain_left_ms, then it is ERR_UNAVAILABLE and left to the next reader. */
bool read_handle(void *ctx, const struct bus_run *run, struct err *err);
