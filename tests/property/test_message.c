#include "support/test.h"

#include "message/message.h"

#include <stdio.h>

/* For any message: decode(encode(m)) = m. For any bytes: decoding ends, with a message that keeps
 * the rules or with ERR_INVALID; nothing outside the bytes is touched (the sanitizers watch). */

enum { ROUND_TRIPS = 2000, HOSTILE = 20000, BLOB_MAX = 300, ROWS_MAX = 40 };

struct gen {
    uint64_t state;
    struct arena *arena;
};

/* splitmix64 */
static uint64_t draw(struct gen *gen)
{
    uint64_t z = gen->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint32_t below(struct gen *gen, uint32_t limit)
{
    return (uint32_t)(draw(gen) % limit);
}

static const char *draw_text(struct gen *gen, uint32_t min, uint32_t max)
{
    uint32_t n = min + below(gen, max - min + 1);
    char *text = arena_alloc(gen->arena, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        text[i] = (char)(1 + below(gen, 255));
    }
    text[n] = '\0';
    return text;
}

static void put_length(unsigned char *at, uint32_t n)
{
    for (uint32_t i = 0; i < 4; i++) {
        at[i] = (unsigned char)(n >> 8 * i);
    }
}

/* {"": random bytes} */
static struct str draw_document(struct gen *gen)
{
    enum { HEAD = 11 }; /* length, type, empty key, length of the bytes, their subtype */
    uint32_t n = below(gen, BLOB_MAX);
    unsigned char *bytes = arena_calloc(gen->arena, HEAD + n + 1, 1);

    put_length(bytes, HEAD + n + 1);
    bytes[4] = 5;
    put_length(bytes + 6, n);
    for (uint32_t i = 0; i < n; i++) {
        bytes[HEAD + i] = (unsigned char)draw(gen);
    }
    return (struct str){(char *)bytes, HEAD + n + 1};
}

static struct message_origin draw_origin(struct gen *gen)
{
    uint32_t lanes = 1 + below(gen, 16);
    uint32_t lane = below(gen, lanes);

    return (struct message_origin){
        .job_id = draw_text(gen, 1, 40),
        .tenant = draw_text(gen, 1, 20),
        .entity = draw_text(gen, 1, 10),
        .chunk = lane + lanes * below(gen, 1000000),
        .lane = lane,
        .lanes = lanes,
        .trace_id = draw_text(gen, 0, 32),
    };
}

static void draw_row(struct gen *gen, struct message_row *row)
{
    *row = (struct message_row){.index = (uint32_t)draw(gen)};
    if (below(gen, 5) == 0) {
        row->refused_code = draw_text(gen, 1, 20);
        row->refused_reason = draw_text(gen, 0, 60);
    } else {
        row->bson = draw_document(gen);
    }
}

static const struct chunk_embed *draw_embed(struct gen *gen)
{
    struct chunk_embed embed = {draw_text(gen, 1, 20), draw_text(gen, 1, 40)};

    return arena_memdup(gen->arena, &embed, sizeof(embed));
}

static void make_scan(struct gen *gen, struct import_chunk *chunk)
{
    struct chunk_scan scan = {draw_text(gen, 0, 40), (uint32_t)draw(gen)};

    chunk->scan = arena_memdup(gen->arena, &scan, sizeof(scan));
    chunk->row_count = 0;
    chunk->origin.lane = 0;
    chunk->origin.lanes = 1;
}

static struct import_chunk draw_chunk(struct gen *gen)
{
    struct import_chunk chunk = {
        .origin = draw_origin(gen),
        .settings = draw_document(gen),
        .row_count = below(gen, ROWS_MAX),
    };

    chunk.rows = arena_calloc(gen->arena, chunk.row_count, sizeof(*chunk.rows));
    for (size_t i = 0; i < chunk.row_count; i++) {
        draw_row(gen, &chunk.rows[i]);
    }
    if (below(gen, 3) == 0) {
        chunk.embed = draw_embed(gen);
    }
    if (chunk.embed && below(gen, 2) == 0) {
        make_scan(gen, &chunk);
    }
    return chunk;
}

static struct name_tally draw_tally(struct gen *gen)
{
    struct name_tally tally = {.arena = gen->arena};

    for (uint32_t n = below(gen, 2 * TALLY_MAX_NAMES); n > 0; n--) {
        tally_add(&tally, draw_text(gen, 0, 2 * TALLY_MAX_NAME_BYTES), below(gen, 250));
    }
    return tally;
}

static void assert_same_tally(const struct name_tally *a, const struct name_tally *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->entries[i].name, b->entries[i].name);
        assert_int_equal(a->entries[i].count, b->entries[i].count);
    }
}

static struct chunk_done draw_done(struct gen *gen)
{
    struct chunk_done done = {.origin = draw_origin(gen), .stage = below(gen, 4)};

    switch (done.stage) {
    case CHUNK_APPLIED:
        for (size_t i = 0; i < sizeof(done.counts) / sizeof(uint32_t); i++) {
            ((uint32_t *)&done.counts)[i] = (uint32_t)draw(gen);
        }
        done.unknown = draw_tally(gen);
        break;
    case CHUNK_INDEXED:
        done.batch = (uint32_t)draw(gen);
        done.indexed = below(gen, 51);
        done.index_failed = below(gen, 51);
        break;
    case CHUNK_SEALED:
        done.total_chunks = (uint32_t)draw(gen);
        done.total_rows = (uint32_t)draw(gen);
        break;
    case CHUNK_FAILED:
        done.failure_code = draw_text(gen, 1, 20);
        done.failure_error = draw_text(gen, 1, 60);
        break;
    }
    done.started_at_ms = (int64_t)draw(gen);
    done.finished_at_ms = (int64_t)draw(gen);
    return done;
}

static struct search_batch draw_batch(struct gen *gen)
{
    struct search_batch batch = {
        .origin = draw_origin(gen),
        .batch = (uint32_t)draw(gen),
        .item_count = 1 + below(gen, SEARCH_BATCH_ITEMS),
    };

    batch.items = arena_calloc(gen->arena, batch.item_count, sizeof(*batch.items));
    for (size_t i = 0; i < batch.item_count; i++) {
        batch.items[i] =
            (struct search_item){draw_text(gen, 1, 30), (int64_t)(1 + (draw(gen) >> 2))};
    }
    return batch;
}

/* The wire says "" for a text that is not there. */
static void assert_same_wire_text(const char *a, const char *b)
{
    assert_string_equal(a ? a : "", b ? b : "");
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(!a, !b);
    if (a) {
        assert_string_equal(a, b);
    }
}

static void assert_same_origin(const struct message_origin *a, const struct message_origin *b)
{
    assert_string_equal(a->job_id, b->job_id);
    assert_string_equal(a->tenant, b->tenant);
    assert_string_equal(a->entity, b->entity);
    assert_string_equal(a->trace_id, b->trace_id);
    assert_int_equal(a->chunk, b->chunk);
    assert_int_equal(a->lane, b->lane);
    assert_int_equal(a->lanes, b->lanes);
}

static void assert_same_embed(const struct import_chunk *a, const struct import_chunk *b)
{
    assert_int_equal(!a->embed, !b->embed);
    assert_int_equal(!a->scan, !b->scan);
    if (a->embed) {
        assert_string_equal(a->embed->kind, b->embed->kind);
        assert_string_equal(a->embed->id, b->embed->id);
    }
    if (a->scan) {
        assert_string_equal(a->scan->after, b->scan->after);
        assert_int_equal(a->scan->first_row, b->scan->first_row);
    }
}

static void assert_same_chunk(const struct import_chunk *a, const struct import_chunk *b)
{
    assert_same_origin(&a->origin, &b->origin);
    assert_true(str_eq(a->settings, b->settings));
    assert_int_equal(a->row_count, b->row_count);
    assert_same_embed(a, b);
    for (size_t i = 0; i < a->row_count; i++) {
        assert_int_equal(a->rows[i].index, b->rows[i].index);
        assert_true(str_eq(a->rows[i].bson, b->rows[i].bson));
        assert_same_text(a->rows[i].refused_code, b->rows[i].refused_code);
        assert_same_text(a->rows[i].refused_reason, b->rows[i].refused_reason);
    }
}

static void any_chunk_comes_back_as_it_was(void **state)
{
    struct gen *gen = *state;
    struct err err;

    for (int i = 0; i < ROUND_TRIPS; i++) {
        struct import_chunk in = draw_chunk(gen);
        struct import_chunk out;
        struct str bytes = import_chunk_encode(gen->arena, &in);

        assert_ok(import_chunk_decode(gen->arena, bytes, &out, &err), &err);
        assert_same_chunk(&in, &out);
        arena_reset(gen->arena);
    }
}

static void any_progress_comes_back_as_it_was(void **state)
{
    struct gen *gen = *state;
    struct err err;

    for (int i = 0; i < ROUND_TRIPS; i++) {
        struct chunk_done in = draw_done(gen);
        struct chunk_done out;
        struct str bytes = chunk_done_encode(gen->arena, &in);

        assert_ok(chunk_done_decode(gen->arena, bytes, &out, &err), &err);
        assert_same_origin(&in.origin, &out.origin);
        assert_int_equal(in.stage, out.stage);
        assert_memory_equal(&in.counts, &out.counts, sizeof(in.counts));
        assert_int_equal(in.started_at_ms, out.started_at_ms);
        assert_int_equal(in.finished_at_ms, out.finished_at_ms);
        assert_same_tally(&in.unknown, &out.unknown);
        assert_int_equal(in.batch, out.batch);
        assert_int_equal(in.indexed, out.indexed);
        assert_int_equal(in.index_failed, out.index_failed);
        assert_int_equal(in.total_chunks, out.total_chunks);
        assert_int_equal(in.total_rows, out.total_rows);
        assert_same_wire_text(in.failure_code, out.failure_code);
        assert_same_wire_text(in.failure_error, out.failure_error);
        arena_reset(gen->arena);
    }
}

static void any_search_batch_comes_back_as_it_was(void **state)
{
    struct gen *gen = *state;
    struct err err;

    for (int i = 0; i < ROUND_TRIPS; i++) {
        struct search_batch in = draw_batch(gen);
        struct search_batch out;
        struct str bytes = search_batch_encode(gen->arena, &in);

        assert_ok(search_batch_decode(gen->arena, bytes, &out, &err), &err);
        assert_same_origin(&in.origin, &out.origin);
        assert_int_equal(in.batch, out.batch);
        assert_int_equal(in.item_count, out.item_count);
        for (size_t k = 0; k < in.item_count; k++) {
            assert_string_equal(in.items[k].code, out.items[k].code);
            assert_int_equal(in.items[k].version, out.items[k].version);
        }
        arena_reset(gen->arena);
    }
}

/* ---- hostile bytes ---- */

/* What a decoder let through must keep the rules, and be readable from end to end. */
static void assert_decoded_well(struct gen *gen, struct str bytes)
{
    struct import_chunk chunk;
    struct chunk_done done;
    struct search_batch batch;
    struct err err = {0};

    if (import_chunk_decode(gen->arena, bytes, &chunk, &err)) {
        struct import_chunk again;

        assert_true(chunk.origin.lane < chunk.origin.lanes);
        assert_true(!chunk.scan || (chunk.embed && chunk.row_count == 0));
        assert_ok(
            import_chunk_decode(gen->arena, import_chunk_encode(gen->arena, &chunk), &again, &err),
            &err);
        assert_same_chunk(&chunk, &again);
    } else {
        assert_int_equal(err.kind, ERR_INVALID);
    }
    if (chunk_done_decode(gen->arena, bytes, &done, &err)) {
        assert_true(*done.origin.job_id &&
                    done.origin.chunk % done.origin.lanes == done.origin.lane);
    } else {
        assert_int_equal(err.kind, ERR_INVALID);
    }
    if (search_batch_decode(gen->arena, bytes, &batch, &err)) {
        assert_in_range(batch.item_count, 1, SEARCH_BATCH_ITEMS);
    } else {
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

/* In a heap block of its own size, so that one byte too far is seen. */
static void try_bytes(struct gen *gen, struct str bytes)
{
    char *exact = mem_alloc(bytes.n);

    if (bytes.n) {
        memcpy(exact, bytes.p, bytes.n);
    }
    assert_decoded_well(gen, (struct str){exact, bytes.n});
    mem_free(exact);
}

static struct str draw_message(struct gen *gen)
{
    struct import_chunk chunk;
    struct chunk_done done;
    struct search_batch batch;

    switch (below(gen, 3)) {
    case 0:
        chunk = draw_chunk(gen);
        return import_chunk_encode(gen->arena, &chunk);
    case 1:
        done = draw_done(gen);
        return chunk_done_encode(gen->arena, &done);
    default:
        batch = draw_batch(gen);
        return search_batch_encode(gen->arena, &batch);
    }
}

static void random_bytes_never_crash_a_decoder(void **state)
{
    struct gen *gen = *state;

    for (int i = 0; i < HOSTILE; i++) {
        uint32_t n = below(gen, 200);
        char *bytes = arena_alloc(gen->arena, n);

        for (uint32_t k = 0; k < n; k++) {
            bytes[k] = (char)draw(gen);
        }
        try_bytes(gen, (struct str){bytes, n});
        arena_reset(gen->arena);
    }
}

static void a_damaged_message_never_crashes_a_decoder(void **state)
{
    struct gen *gen = *state;

    for (int i = 0; i < HOSTILE; i++) {
        struct str good = draw_message(gen);
        char *bytes = arena_memdup(gen->arena, good.p, good.n);

        for (uint32_t hits = 1 + below(gen, 4); hits > 0; hits--) {
            bytes[below(gen, (uint32_t)good.n)] = (char)draw(gen);
        }
        try_bytes(gen, (struct str){bytes, good.n});
        arena_reset(gen->arena);
    }
}

static void a_message_cut_anywhere_never_crashes_a_decoder(void **state)
{
    struct gen *gen = *state;

    for (int i = 0; i < 20; i++) {
        struct str good = draw_message(gen);

        for (size_t n = 0; n < good.n && n < 2000; n++) {
            try_bytes(gen, (struct str){good.p, n});
        }
        arena_reset(gen->arena);
    }
}

int main(void)
{
    struct gen gen = {test_seed(), arena_new()};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(any_chunk_comes_back_as_it_was, &gen),
        cmocka_unit_test_prestate(any_progress_comes_back_as_it_was, &gen),
        cmocka_unit_test_prestate(any_search_batch_comes_back_as_it_was, &gen),
        cmocka_unit_test_prestate(random_bytes_never_crash_a_decoder, &gen),
        cmocka_unit_test_prestate(a_damaged_message_never_crashes_a_decoder, &gen),
        cmocka_unit_test_prestate(a_message_cut_anywhere_never_crashes_a_decoder, &gen),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_free(gen.arena);
    return failed;
}
