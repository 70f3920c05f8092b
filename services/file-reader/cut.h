#pragma once

#include "base/err.h"
#include "domain/entity.h"
#include "message/message.h"

#include <bson/bson.h>

/*
 * Cuts the rows of a file into chunks while they are read, and publishes them. The same rows give
 * the same chunks, whenever the file is read again: receipts then tell the importer which of them
 * it knows.
 */

struct bus_producer;
struct config;
struct cutter;

struct cutter_options {
    const struct config *config;
    struct bus_producer *producer;
    const struct import_file *file;
    const struct entity *entity;
    const struct import_settings *settings;
    const char *topic;
};

/* Borrows everything in `options`. */
struct cutter *cutter_open(const struct cutter_options *options);
void cutter_close(struct cutter *cutter);
DEFINE_AUTO(cutter, struct cutter, cutter_close)

/* One row, under the number of its line of data. ERR_UNAVAILABLE: Kafka does not take more. */
bool cutter_add(struct cutter *cutter, uint32_t number, const bson_t *row,
                struct err *err) MUST_USE;

/* A row that cannot be applied, with a code of the catalogue. */
bool cutter_refuse(struct cutter *cutter, uint32_t number, const struct problem *problem,
                   const char *reason, struct err *err) MUST_USE;

/* Publishes what is left and waits until Kafka has acknowledged every chunk. */
bool cutter_finish(struct cutter *cutter, struct err *err) MUST_USE;

uint32_t cutter_rows(const struct cutter *cutter);
uint32_t cutter_chunks(const struct cutter *cutter);
