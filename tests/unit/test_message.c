#include "support/test.h"

#include "message/message.h"

static const char empty_document[] = {5, 0, 0, 0, 0};
/* {"a": true} */
static const char small_document[] = {9, 0, 0, 0, 8, 'a', 0, 1, 0};

#define BYTES(array) ((struct str){array, sizeof(array)})

static const struct message_origin good_origin = {
    .job_id = "prod_1_abc",
    .tenant = "acme",
    .entity = "products",
    .chunk = 5,
    .lane = 1,
    .lanes = 2,
    .trace_id = "",
};

struct fixture {
    struct arena *arena;
    struct message_row rows[2];
    struct import_chunk chunk;
    struct search_item items[SEARCH_BATCH_ITEMS + 1];
    struct search_batch batch;
    struct chunk_done done;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));

    f->arena = arena_new();
    f->rows[0] = (struct message_row){.index = 0, .bson = BYTES(small_document)};
    f->rows[1] = (struct message_row){
        .index = 3, .refused_code = "row_too_large", .refused_reason = "over 900 KB"};
    f->chunk = (struct import_chunk){
        .origin = good_origin, .settings = BYTES(empty_document), .rows = f->rows, .row_count = 2};
    for (size_t i = 0; i < SEARCH_BATCH_ITEMS + 1; i++) {
        f->items[i] = (struct search_item){"A1", 7};
    }
    f->batch = (struct search_batch){good_origin, 4, f->items, 2};
    f->done = (struct chunk_done){.origin = good_origin, .stage = CHUNK_APPLIED};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_free(f->arena);
    mem_free(f);
    return 0;
}

static void assert_chunk_refused(struct fixture *f, const char *why)
{
    struct import_chunk out;
    struct err err = {0};

    assert_false(
        import_chunk_decode(f->arena, import_chunk_encode(f->arena, &f->chunk), &out, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, why);
}

static void assert_batch_refused(struct fixture *f, const char *why)
{
    struct search_batch out;
    struct err err = {0};

    assert_false(
        search_batch_decode(f->arena, search_batch_encode(f->arena, &f->batch), &out, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, why);
}

static void a_chunk_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct import_chunk out;
    struct err err;

    assert_ok(import_chunk_decode(f->arena, import_chunk_encode(f->arena, &f->chunk), &out, &err),
              &err);
    assert_string_equal(out.origin.job_id, "prod_1_abc");
    assert_string_equal(out.origin.trace_id, "");
    assert_int_equal(out.origin.chunk, 5);
    assert_true(str_eq(out.settings, BYTES(empty_document)));
    assert_int_equal(out.row_count, 2);
    assert_true(str_eq(out.rows[0].bson, BYTES(small_document)));
    assert_null(out.rows[0].refused_code);
    assert_null(out.rows[0].refused_reason);
    assert_int_equal(out.rows[1].index, 3);
    assert_null(out.rows[1].bson.p);
    assert_string_equal(out.rows[1].refused_code, "row_too_large");
    assert_string_equal(out.rows[1].refused_reason, "over 900 KB");
}

static void a_decoded_chunk_does_not_need_the_bytes_any_more(void **state)
{
    struct fixture *f = *state;
    struct str bytes = import_chunk_encode(f->arena, &f->chunk);
    char *copy = mem_alloc(bytes.n);
    struct import_chunk out;
    struct err err;

    memcpy(copy, bytes.p, bytes.n);
    assert_ok(import_chunk_decode(f->arena, (struct str){copy, bytes.n}, &out, &err), &err);
    mem_free(copy);
    assert_string_equal(out.origin.tenant, "acme");
    assert_true(str_eq(out.rows[0].bson, BYTES(small_document)));
}

static void a_page_of_products_to_refresh_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct chunk_embed embed = {"brands", "bosch"};
    struct chunk_scan scan = {"A|7", 12};
    struct import_chunk out;
    struct err err;

    f->chunk = (struct import_chunk){
        .origin = good_origin, .settings = BYTES(empty_document), .embed = &embed, .scan = &scan};
    f->chunk.origin.lane = 0;
    f->chunk.origin.lanes = 1;
    assert_ok(import_chunk_decode(f->arena, import_chunk_encode(f->arena, &f->chunk), &out, &err),
              &err);
    assert_string_equal(out.embed->kind, "brands");
    assert_string_equal(out.embed->id, "bosch");
    assert_string_equal(out.scan->after, "A|7");
    assert_int_equal(out.scan->first_row, 12);
}

static void an_entity_to_embed_without_kind_or_id_is_refused(void **state)
{
    struct fixture *f = *state;
    struct chunk_embed embed = {"", "bosch"};

    f->chunk.embed = &embed;
    assert_chunk_refused(f, "the entity to embed has no kind");
    embed = (struct chunk_embed){"brands", ""};
    assert_chunk_refused(f, "the entity to embed has no id");
}

static void a_page_of_nothing_or_with_rows_or_in_one_of_many_lanes_is_refused(void **state)
{
    static const char why[] = "a scan goes with embed, without rows and in one lane";
    struct fixture *f = *state;
    struct chunk_embed embed = {"brands", "bosch"};
    struct chunk_scan scan = {"", 0};

    f->chunk.scan = &scan;
    f->chunk.origin.lane = 0;
    f->chunk.origin.lanes = 1;
    f->chunk.row_count = 0;
    assert_chunk_refused(f, why);
    f->chunk.embed = &embed;
    f->chunk.row_count = 1;
    assert_chunk_refused(f, why);
    f->chunk.row_count = 0;
    f->chunk.origin = good_origin;
    assert_chunk_refused(f, why);
}

static void a_message_without_an_id_is_refused(void **state)
{
    struct fixture *f = *state;

    f->chunk.origin.job_id = "";
    assert_chunk_refused(f, "job_id is empty");
    f->chunk.origin = good_origin;
    f->chunk.origin.tenant = NULL;
    assert_chunk_refused(f, "tenant is empty");
    f->batch.origin.entity = "";
    assert_batch_refused(f, "entity is empty");
}

static void a_lane_that_does_not_exist_is_refused(void **state)
{
    struct fixture *f = *state;

    f->chunk.origin.lanes = 0;
    assert_chunk_refused(f, "lane 1 of 0 does not exist");
    f->chunk.origin.lanes = 1;
    assert_chunk_refused(f, "lane 1 of 1 does not exist");
}

static void a_chunk_number_of_another_lane_is_refused(void **state)
{
    struct fixture *f = *state;

    f->chunk.origin.chunk = 4;
    assert_chunk_refused(f, "chunk 4 does not belong to lane 1 of 2");
}

static void a_row_with_neither_content_nor_reason_is_refused(void **state)
{
    struct fixture *f = *state;

    f->rows[0].bson = (struct str){0};
    f->rows[0].index = 8;
    assert_chunk_refused(f, "row 8 has no content");
}

static void a_row_with_both_content_and_reason_is_refused(void **state)
{
    struct fixture *f = *state;

    f->rows[1].bson = BYTES(small_document);
    assert_chunk_refused(f, "row 3 is refused and has content");
}

static void content_whose_length_lies_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char too_long[] = {6, 0, 0, 0, 0};
    static const char huge[] = {5, 0, 0, (char)0x80, 0};
    static const char open_end[] = {5, 0, 0, 0, 1};

    f->rows[0].bson = BYTES(too_long);
    assert_chunk_refused(f, "row 0 is not BSON");
    f->rows[0].bson = BYTES(huge);
    assert_chunk_refused(f, "row 0 is not BSON");
    f->rows[0].bson = BYTES(open_end);
    assert_chunk_refused(f, "row 0 is not BSON");
    f->rows[0].bson = (struct str){empty_document, 4};
    assert_chunk_refused(f, "row 0 is not BSON");
    f->rows[0].bson = BYTES(small_document);
    f->chunk.settings = (struct str){0};
    assert_chunk_refused(f, "settings are not BSON");
}

static void bson_that_is_damaged_inside_is_refused(void **state)
{
    /* {"a": [7], "b": "x"} */
    char settings[] = {29, 0, 0, 0, 4, 'a', 0, 12, 0, 0, 0, 16,  '0', 0, 7,
                       0,  0, 0, 0, 2, 'b', 0, 2,  0, 0, 0, 'x', 0,   0};
    static const struct {
        size_t at;
        char byte;
    } damages[] = {{4, 0x77}, {5, (char)0xc3}, {7, 11}, {7, 127},         {11, 0x12},
                   {18, 1},   {22, 0},         {22, 3}, {26, (char)0xff}, {27, 'y'}};
    struct fixture *f = *state;
    struct import_chunk out;
    struct err err;

    f->chunk.settings = BYTES(settings);
    assert_ok(import_chunk_decode(f->arena, import_chunk_encode(f->arena, &f->chunk), &out, &err),
              &err);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        char byte = settings[damages[i].at];

        settings[damages[i].at] = damages[i].byte;
        assert_chunk_refused(f, "settings are not BSON");
        settings[damages[i].at] = byte;
    }
}

static void progress_of_both_stages_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct chunk_done out;
    struct err err;

    f->done.counts = (struct chunk_counts){1, 2, 3, 4, 5, 6, 7, 8, 9};
    f->done.unknown.arena = f->arena;
    tally_add(&f->done.unknown, "colour", 3);
    tally_add(&f->done.unknown, "prise", 1);
    f->done.started_at_ms = 11;
    f->done.finished_at_ms = 12;
    assert_ok(chunk_done_decode(f->arena, chunk_done_encode(f->arena, &f->done), &out, &err), &err);
    assert_int_equal(out.stage, CHUNK_APPLIED);
    assert_memory_equal(&out.counts, &f->done.counts, sizeof(out.counts));
    assert_int_equal(out.unknown.count, 2);
    assert_string_equal(out.unknown.entries[0].name, "colour");
    assert_int_equal(out.unknown.entries[0].count, 3);
    assert_string_equal(out.unknown.entries[1].name, "prise");
    assert_int_equal(out.started_at_ms, 11);
    assert_int_equal(out.finished_at_ms, 12);

    f->done = (struct chunk_done){good_origin, CHUNK_INDEXED, .batch = 2, .indexed = 49,
                                  .index_failed = 1};
    assert_ok(chunk_done_decode(f->arena, chunk_done_encode(f->arena, &f->done), &out, &err), &err);
    assert_int_equal(out.stage, CHUNK_INDEXED);
    assert_int_equal(out.batch, 2);
    assert_int_equal(out.indexed, 49);
    assert_int_equal(out.index_failed, 1);
}

static void the_totals_of_a_sealed_job_come_back_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct chunk_done out;
    struct err err;

    f->done = (struct chunk_done){good_origin,          CHUNK_SEALED,      .started_at_ms = 11,
                                  .finished_at_ms = 12, .total_chunks = 4, .total_rows = 900};
    assert_ok(chunk_done_decode(f->arena, chunk_done_encode(f->arena, &f->done), &out, &err), &err);
    assert_int_equal(out.stage, CHUNK_SEALED);
    assert_int_equal(out.started_at_ms, 11);
    assert_int_equal(out.finished_at_ms, 12);
    assert_int_equal(out.total_chunks, 4);
    assert_int_equal(out.total_rows, 900);
}

static void a_failed_job_says_why(void **state)
{
    struct fixture *f = *state;
    struct chunk_done out;
    struct err err;

    f->done = (struct chunk_done){good_origin, CHUNK_FAILED, .failure_code = "file_unreadable",
                                  .failure_error = "line 42"};
    assert_ok(chunk_done_decode(f->arena, chunk_done_encode(f->arena, &f->done), &out, &err), &err);
    assert_int_equal(out.stage, CHUNK_FAILED);
    assert_string_equal(out.failure_code, "file_unreadable");
    assert_string_equal(out.failure_error, "line 42");
}

static void a_file_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    static const uint8_t settings[] = {5, 0, 0, 0, 0};
    const struct import_file file = {.job_id = "import_1_abc",
                                     .tenant = "acme",
                                     .entity = "products",
                                     .trace_id = "t",
                                     .lanes = 4,
                                     .settings = {(const char *)settings, sizeof(settings)},
                                     .blob = "gridfs:1"};
    struct import_file out;
    struct err err;

    assert_ok(import_file_decode(f->arena, import_file_encode(f->arena, &file), &out, &err), &err);
    assert_string_equal(out.job_id, file.job_id);
    assert_string_equal(out.tenant, file.tenant);
    assert_string_equal(out.entity, file.entity);
    assert_string_equal(out.trace_id, file.trace_id);
    assert_int_equal(out.lanes, file.lanes);
    assert_true(str_eq(out.settings, file.settings));
    assert_string_equal(out.blob, file.blob);
}

static void a_file_that_lies_nowhere_is_refused(void **state)
{
    struct fixture *f = *state;
    static const uint8_t settings[] = {5, 0, 0, 0, 0};
    const struct import_file file = {.job_id = "j",
                                     .tenant = "acme",
                                     .entity = "products",
                                     .lanes = 1,
                                     .settings = {(const char *)settings, sizeof(settings)}};
    struct import_file out;
    struct err err;

    assert_false(import_file_decode(f->arena, import_file_encode(f->arena, &file), &out, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void an_unknown_stage_is_refused(void **state)
{
    struct fixture *f = *state;
    struct chunk_done out;
    struct err err = {0};
    struct str good = chunk_done_encode(f->arena, &f->done);
    char *bytes = arena_alloc(f->arena, good.n + 2);

    bytes[0] = 1 << 3; /* field 1, varint */
    bytes[1] = 9;
    memcpy(bytes + 2, good.p, good.n);
    assert_false(chunk_done_decode(f->arena, (struct str){bytes, good.n + 2}, &out, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, "unknown stage 9");
}

static void a_batch_of_fifty_items_comes_back_and_fifty_one_are_refused(void **state)
{
    struct fixture *f = *state;
    struct search_batch out;
    struct err err;

    f->batch.item_count = SEARCH_BATCH_ITEMS;
    assert_ok(search_batch_decode(f->arena, search_batch_encode(f->arena, &f->batch), &out, &err),
              &err);
    assert_int_equal(out.item_count, SEARCH_BATCH_ITEMS);
    assert_int_equal(out.batch, 4);
    assert_string_equal(out.items[49].code, "A1");
    assert_int_equal(out.items[49].version, 7);
    f->batch.item_count = SEARCH_BATCH_ITEMS + 1;
    assert_batch_refused(f, "51 items in a search batch");
    f->batch.item_count = 0;
    assert_batch_refused(f, "0 items in a search batch");
}

static void an_item_without_code_or_version_is_refused(void **state)
{
    struct fixture *f = *state;

    f->items[1].version = 0;
    assert_batch_refused(f, "item A1 has version 0");
    f->items[1] = (struct search_item){"", 1};
    assert_batch_refused(f, "an item has no code");
}

static void no_bytes_at_all_are_no_message(void **state)
{
    struct fixture *f = *state;
    struct import_chunk chunk;
    struct chunk_done done;
    struct search_batch batch;
    struct err err = {0};

    assert_false(import_chunk_decode(f->arena, (struct str){0}, &chunk, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(chunk_done_decode(f->arena, (struct str){0}, &done, &err));
    assert_false(search_batch_decode(f->arena, (struct str){0}, &batch, &err));
    assert_false(import_chunk_decode(f->arena, STR("hello"), &chunk, &err));
    assert_string_equal(err.msg, "no ImportChunk");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_chunk_comes_back_as_it_was),
        CLAIM(a_decoded_chunk_does_not_need_the_bytes_any_more),
        CLAIM(a_page_of_products_to_refresh_comes_back_as_it_was),
        CLAIM(an_entity_to_embed_without_kind_or_id_is_refused),
        CLAIM(a_page_of_nothing_or_with_rows_or_in_one_of_many_lanes_is_refused),
        CLAIM(a_message_without_an_id_is_refused),
        CLAIM(a_lane_that_does_not_exist_is_refused),
        CLAIM(a_chunk_number_of_another_lane_is_refused),
        CLAIM(a_row_with_neither_content_nor_reason_is_refused),
        CLAIM(a_row_with_both_content_and_reason_is_refused),
        CLAIM(content_whose_length_lies_is_refused),
        CLAIM(bson_that_is_damaged_inside_is_refused),
        CLAIM(progress_of_both_stages_comes_back_as_it_was),
        CLAIM(the_totals_of_a_sealed_job_come_back_as_they_were),
        CLAIM(a_failed_job_says_why),
        CLAIM(a_file_comes_back_as_it_was),
        CLAIM(a_file_that_lies_nowhere_is_refused),
        CLAIM(an_unknown_stage_is_refused),
        CLAIM(a_batch_of_fifty_items_comes_back_and_fifty_one_are_refused),
        CLAIM(an_item_without_code_or_version_is_refused),
        CLAIM(no_bytes_at_all_are_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
