#include "message/message_wire.h"

#include <consign.pb-c.h>

static void write_counts(Consign__ChunkDone *wire, const struct chunk_counts *counts)
{
    wire->successful = counts->successful;
    wire->failed = counts->failed;
    wire->created = counts->created;
    wire->unchanged = counts->unchanged;
    wire->published = counts->published;
    wire->errors = counts->errors;
    wire->warnings = counts->warnings;
    wire->search_batches = counts->search_batches;
    wire->search_items = counts->search_items;
}

static void write_unknown(struct arena *arena, Consign__ChunkDone *wire,
                          const struct name_tally *unknown)
{
    Consign__UnknownField *fields = arena_calloc(arena, unknown->count, sizeof(*fields));

    wire->n_unknown_fields = unknown->count;
    wire->unknown_fields = arena_calloc(arena, unknown->count, sizeof(*wire->unknown_fields));
    for (size_t i = 0; i < unknown->count; i++) {
        consign__unknown_field__init(&fields[i]);
        fields[i].field = message_text(unknown->entries[i].name);
        fields[i].count = (uint32_t)unknown->entries[i].count;
        wire->unknown_fields[i] = &fields[i];
    }
}

struct str chunk_done_encode(struct arena *arena, const struct chunk_done *done)
{
    Consign__ChunkDone wire = CONSIGN__CHUNK_DONE__INIT;

    MESSAGE_WRITE_ORIGIN(&wire, chunk, &done->origin);
    switch (done->stage) {
    case CHUNK_APPLIED:
        wire.stage = CONSIGN__CHUNK_DONE__STAGE__APPLIED;
        write_counts(&wire, &done->counts);
        write_unknown(arena, &wire, &done->unknown);
        break;
    case CHUNK_INDEXED:
        wire.stage = CONSIGN__CHUNK_DONE__STAGE__INDEXED;
        wire.batch = done->batch;
        wire.indexed = done->indexed;
        wire.index_failed = done->index_failed;
        break;
    case CHUNK_SEALED:
        wire.stage = CONSIGN__CHUNK_DONE__STAGE__SEALED;
        wire.total_chunks = done->total_chunks;
        wire.total_rows = done->total_rows;
        break;
    case CHUNK_FAILED:
        wire.stage = CONSIGN__CHUNK_DONE__STAGE__FAILED;
        wire.failure_code = message_text(done->failure_code);
        wire.failure_error = message_text(done->failure_error);
        break;
    }
    wire.started_at_ms = done->started_at_ms;
    wire.finished_at_ms = done->finished_at_ms;
    return message_pack(arena, &wire.base);
}

static struct chunk_counts read_counts(const Consign__ChunkDone *wire)
{
    return (struct chunk_counts){
        .successful = wire->successful,
        .failed = wire->failed,
        .created = wire->created,
        .unchanged = wire->unchanged,
        .published = wire->published,
        .errors = wire->errors,
        .warnings = wire->warnings,
        .search_batches = wire->search_batches,
        .search_items = wire->search_items,
    };
}

static struct name_tally read_unknown(struct arena *arena, const Consign__ChunkDone *wire)
{
    struct name_tally unknown = {.arena = arena};

    for (size_t i = 0; i < wire->n_unknown_fields; i++) {
        tally_add(&unknown, wire->unknown_fields[i]->field, wire->unknown_fields[i]->count);
    }
    return unknown;
}

/* Proto3 enums are open: a number of a later version must not pass for a stage of this one. */
static bool read_stage(const Consign__ChunkDone *wire, enum chunk_stage *stage, struct err *err)
{
    switch (wire->stage) {
    case CONSIGN__CHUNK_DONE__STAGE__APPLIED:
        *stage = CHUNK_APPLIED;
        return true;
    case CONSIGN__CHUNK_DONE__STAGE__INDEXED:
        *stage = CHUNK_INDEXED;
        return true;
    case CONSIGN__CHUNK_DONE__STAGE__SEALED:
        *stage = CHUNK_SEALED;
        return true;
    case CONSIGN__CHUNK_DONE__STAGE__FAILED:
        *stage = CHUNK_FAILED;
        return true;
    default:
        return err_set(err, ERR_INVALID, "unknown stage %d", (int)wire->stage);
    }
}

bool chunk_done_decode(struct arena *arena, struct str bytes, struct chunk_done *out,
                       struct err *err)
{
    const Consign__ChunkDone *wire = message_unpack(arena, &consign__chunk_done__descriptor, bytes);

    if (!wire) {
        return err_set(err, ERR_INVALID, "no ChunkDone");
    }
    struct chunk_done done = {
        .origin = MESSAGE_READ_ORIGIN(wire, chunk),
        .counts = read_counts(wire),
        .unknown = read_unknown(arena, wire),
        .started_at_ms = wire->started_at_ms,
        .finished_at_ms = wire->finished_at_ms,
        .batch = wire->batch,
        .indexed = wire->indexed,
        .index_failed = wire->index_failed,
        .total_chunks = wire->total_chunks,
        .total_rows = wire->total_rows,
        .failure_code = wire->failure_code,
        .failure_error = wire->failure_error,
    };

    if (!read_stage(wire, &done.stage, err) || !message_check_origin(&done.origin, err)) {
        return false;
    }
    *out = done;
    return true;
}
