#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"

/* What kind of error a refusal of the server becomes: its code says so, and libmongoc tells the
 * code of a read only in the second version of its API for errors. */

enum { DOCUMENTS = 100000, PART = 20000 };

static void fill(const char *collection)
{
    const bson_t **part = arena_calloc(database.arena, PART, sizeof(*part));
    struct err err;

    for (int first = 0; first < DOCUMENTS; first += PART) {
        for (int i = 0; i < PART; i++) {
            bson_t *document = document_new(database.arena);

            BSON_APPEND_INT32(document, "_id", first + i);
            part[i] = document;
        }
        assert_ok(store_insert_many(database.session, collection, part, PART, &err), &err);
    }
}

static bool go_on(void *ctx, const bson_t *document)
{
    (void)ctx, (void)document;
    return true;
}

static bool find(const char *collection, const char *filter_json, const char *options_json,
                 struct err *err)
{
    AUTO(bson) bson_t *filter = bson_new_from_json((const uint8_t *)filter_json, -1, NULL);
    AUTO(bson) bson_t *options = bson_new_from_json((const uint8_t *)options_json, -1, NULL);

    return store_find(database.session, collection, filter, options, go_on, NULL, err);
}

static void a_read_that_takes_too_long_may_be_tried_again(void **state)
{
    struct err err;

    (void)state;
    fill("many");
    assert_false(find("many", "{\"_id\": {\"$mod\": [7, 3]}}",
                      "{\"sort\": {\"x\": 1}, \"maxTimeMS\": 1}", &err));
    assert_int_equal(err.code, 50);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void a_read_that_can_never_work_is_our_fault(void **state)
{
    struct err err;

    (void)state;
    assert_false(find("none", "{\"_id\": {\"$nonsense\": 1}}", "{}", &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_that_takes_too_long_may_be_tried_again),
        cmocka_unit_test(a_read_that_can_never_work_is_our_fault),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
