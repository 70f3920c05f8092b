/* Bytes from a topic, whatever they are, are refused with a reason or decoded to a message that
 * keeps the rules: written again it decodes to the same. Settings and mappings inside likewise. */
#include "domain/mapping.h"
#include "domain/settings.h"
#include "message/message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_refused(const struct err *err)
{
    check(err->kind == ERR_INVALID && *err->msg);
}

static void check_same(struct str a, struct str b)
{
    check(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
}

static void check_origin(const struct message_origin *origin)
{
    check(*origin->job_id && *origin->tenant && *origin->entity && origin->lane < origin->lanes &&
          origin->chunk % origin->lanes == origin->lane);
}

static void try_chunk(struct arena *arena, struct str bytes)
{
    struct import_settings settings;
    struct import_chunk chunk;
    struct err err = {0};

    if (!import_chunk_decode(arena, bytes, &chunk, &err)) {
        check_refused(&err);
        return;
    }
    check_origin(&chunk.origin);
    for (size_t i = 0; i < chunk.row_count; i++) {
        check((chunk.rows[i].refused_code != NULL) == (chunk.rows[i].bson.n == 0));
    }
    check(!chunk.scan || (chunk.embed && chunk.row_count == 0));
    struct str first = import_chunk_encode(arena, &chunk);

    check(import_chunk_decode(arena, first, &chunk, &err));
    check_same(first, import_chunk_encode(arena, &chunk));
    if (!settings_read(arena, chunk.settings, &settings, &err)) {
        check_refused(&err);
    }
}

static void try_done(struct arena *arena, struct str bytes)
{
    struct chunk_done done;
    struct err err = {0};

    if (!chunk_done_decode(arena, bytes, &done, &err)) {
        check_refused(&err);
        return;
    }
    check_origin(&done.origin);
    struct str first = chunk_done_encode(arena, &done);

    check(chunk_done_decode(arena, first, &done, &err));
    check_same(first, chunk_done_encode(arena, &done));
}

static void try_batch(struct arena *arena, struct str bytes)
{
    struct search_batch batch;
    struct err err = {0};

    if (!search_batch_decode(arena, bytes, &batch, &err)) {
        check_refused(&err);
        return;
    }
    check_origin(&batch.origin);
    check(batch.item_count >= 1 && batch.item_count <= SEARCH_BATCH_ITEMS);
    for (size_t i = 0; i < batch.item_count; i++) {
        check(*batch.items[i].code && batch.items[i].version >= 1);
    }
    struct str first = search_batch_encode(arena, &batch);

    check(search_batch_decode(arena, first, &batch, &err));
    check_same(first, search_batch_encode(arena, &batch));
}

static void try_file(struct arena *arena, struct str bytes)
{
    struct import_settings settings;
    struct import_file file;
    struct err err = {0};

    if (!import_file_decode(arena, bytes, &file, &err)) {
        check_refused(&err);
        return;
    }
    check(*file.job_id && *file.tenant && *file.entity && *file.blob && file.lanes > 0);
    struct str first = import_file_encode(arena, &file);

    check(import_file_decode(arena, first, &file, &err));
    check_same(first, import_file_encode(arena, &file));
    if (!settings_read(arena, file.settings, &settings, &err)) {
        check_refused(&err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct str bytes = {(const char *)data, size};

    try_chunk(arena, bytes);
    try_done(arena, bytes);
    try_batch(arena, bytes);
    try_file(arena, bytes);
    return 0;
}
