#include "store/progress.h"

#include "domain/document.h"
#include "domain/stored.h"
#include "message/message.h"

#include <string.h>

/*
 * How rows become searchable. The job remembers in a bit map which search batches it has counted: a
 * word per chunk, a bit per batch of the chunk. So their messages may come in any order and any
 * number of times, and one update does for many of them.
 */

#define JOBS "import_jobs"

enum {
    WORD_BYTES = SEARCH_BATCHES_MAX / 8,
    NUMBERS_MAX = 1 << 18, /* of chunks: the map stays below 2 MB */
};

/* What messages add to a job. */
struct indexed_fold {
    uint8_t *bits;
    uint32_t bits_size;
    int64_t batches; /* not counted before */
    int64_t indexed;
    int64_t failed;
};

static bool check_place(const bson_t *job, const struct chunk_done *done, struct err *err)
{
    if (done->origin.chunk >= stored_chunk_end(job, NUMBERS_MAX) ||
        done->origin.chunk >= NUMBERS_MAX || done->batch >= SEARCH_BATCHES_MAX) {
        return err_set(err, ERR_INVALID, "job %s has no batch %u of chunk %u", done->origin.job_id,
                       done->batch, done->origin.chunk);
    }
    return true;
}

static void read_bits(struct arena *arena, const bson_t *job, uint32_t words,
                      struct indexed_fold *out)
{
    bson_subtype_t subtype;
    const uint8_t *stored = NULL;
    uint32_t stored_size = 0;
    bson_iter_t at;

    if (bson_iter_init_find(&at, job, "indexed_bits") && BSON_ITER_HOLDS_BINARY(&at)) {
        bson_iter_binary(&at, &subtype, &stored_size, &stored);
    }
    out->bits_size = words * WORD_BYTES > stored_size ? words * WORD_BYTES : stored_size;
    out->bits = arena_calloc(arena, out->bits_size, 1);
    if (stored) {
        memcpy(out->bits, stored, stored_size);
    }
}

static void add(struct indexed_fold *fold, const struct chunk_done *done)
{
    uint8_t *byte = &fold->bits[done->origin.chunk * WORD_BYTES + done->batch / 8];
    uint8_t bit = (uint8_t)(1U << done->batch % 8);

    if (!(*byte & bit)) {
        *byte |= bit;
        fold->batches++;
        fold->indexed += done->indexed;
        fold->failed += done->index_failed;
    }
}

static bool build_fold(struct arena *arena, const bson_t *job, const struct chunk_done *dones,
                       size_t count, struct indexed_fold *out, struct err *err)
{
    uint32_t words = 0;

    for (size_t i = 0; i < count; i++) {
        if (!check_place(job, &dones[i], err)) {
            return false;
        }
        words = dones[i].origin.chunk >= words ? dones[i].origin.chunk + 1 : words;
    }
    read_bits(arena, job, words, out);
    for (size_t i = 0; i < count; i++) {
        add(out, &dones[i]);
    }
    return true;
}

/* The number of batches grows with each change of the bits, so it guards them. */
static bool write_fold(struct store_session *session, const bson_t *job,
                       const struct indexed_fold *fold, struct err *err)
{
    const char *id = document_text(job, "_id");
    int64_t before = document_int64(job, "indexed_batches", 0);
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));
    AUTO(bson)
    bson_t *update = BCON_NEW(
        "$set", "{", "indexed_bits", BCON_BIN(BSON_SUBTYPE_BINARY, fold->bits, fold->bits_size),
        "}", "$inc", "{", "indexed_batches", BCON_INT64(fold->batches), "indexed_rows",
        BCON_INT64(fold->indexed), "index_failed_rows", BCON_INT64(fold->failed), "}");
    bool matched;

    if (before > 0) {
        BSON_APPEND_INT64(filter, "indexed_batches", before);
    } else {
        BSON_APPEND_NULL(filter, "indexed_batches");
    }
    if (!store_update(session, JOBS, filter, update, false, &matched, err)) {
        return false;
    }
    return matched || err_set(err, ERR_CONFLICT, "job %s changed meanwhile", id);
}

bool progress_fold_indexed(struct store_session *session, const struct chunk_done *dones,
                           size_t count, struct progress_indexed *out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *job = NULL;
    struct indexed_fold fold = {0};

    if (!store_get(session, JOBS, dones[0].origin.job_id, &job, err)) {
        *out = (struct progress_indexed){.is_unknown_job = true};
        return err->kind == ERR_NOT_FOUND;
    }
    if (!build_fold(arena, job, dones, count, &fold, err) ||
        (fold.batches > 0 && !write_fold(session, job, &fold, err))) {
        return false;
    }
    *out = (struct progress_indexed){.folded = (size_t)fold.batches};
    return true;
}
