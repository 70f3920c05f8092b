#include "domain/document.h"
#include "support/gen.h"
#include "support/rows.h"
#include "support/test.h"

enum { ROUNDS = 1500, ROWS = 6 };

static void versions_count_up_by_one_and_history_holds_what_was_current(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct row_bench bench;
        int64_t version = 0;

        row_bench_init(&bench, arena, &entity_products);
        for (int k = 0; k < ROWS; k++) {
            bench.request_json = gen_below(&gen, 2) ? "{'merge_mode':'partial'}" : NULL;
            enum row_result result = row_apply_document(&bench, gen_product(&gen, arena, "A"));
            assert_int_equal(result, version ? ROW_UPDATED : ROW_CREATED);
            assert_int_equal(document_int64(bench.current, "version", 0), ++version);
            assert_true(document_bool(bench.current, "isCurrent", false));
        }
    }
}

static void a_row_that_is_sent_again_changes_nothing_in_either_mode(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct row_bench bench;
        const bson_t *row = gen_product(&gen, arena, "A");

        row_bench_init(&bench, arena, &entity_products);
        bench.source_json = "{'source_id':'s','unchanged':'skip'}";
        row_apply_document(&bench, gen_product(&gen, arena, "A"));
        bench.request_json = gen_below(&gen, 2) ? "{'merge_mode':'partial'}" : NULL;
        row_apply_document(&bench, row);
        const char *once = row_content(&bench);
        assert_int_equal(row_apply_document(&bench, row), ROW_UNCHANGED);
        assert_string_equal(row_content(&bench), once);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_count_up_by_one_and_history_holds_what_was_current),
        cmocka_unit_test(a_row_that_is_sent_again_changes_nothing_in_either_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
