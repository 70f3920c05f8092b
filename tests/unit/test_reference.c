#include "support/rows.h"
#include "support/test.h"

#include "domain/document.h"
#include "domain/reference.h"

#include <string.h>

/* What a row says of brands and their like, and what is stored of it. */

static const char SYSTEM_OF_BRAND[] =
    "{'_id':'acme|b1','isCurrent':true,'tenant':'acme','version':4,'import':{'row':1},"
    "'brand_id':'b1','label':'Bosch','level':1}";

static int set_up(void **state)
{
    row_fixture_open(state, &entity_products);
    struct row_fixture *f = *state;

    row_bench_know(&f->bench, &entity_brands, SYSTEM_OF_BRAND);
    row_bench_know(&f->bench, &entity_brands, "{'brand_id':'b2','logo_url':'x'}");
    row_bench_know(&f->bench, &entity_categories, "{'category_id':'c1','name':'Drills'}");
    row_bench_know(&f->bench, &entity_collections, "{'collection_id':'k1','level':7}");
    row_bench_know(&f->bench, &entity_product_types, "{'product_type_id':'t1','code':'T'}");
    row_bench_know(&f->bench, &entity_synonym_dictionaries,
                   "{'synonym_dictionary_id':'d1','key':'tools','terms':['a','b']}");
    return 0;
}

/* The value at the top-level field as JSON in single quotes; "" when it is absent. */
static const char *field(struct row_fixture *f, const char *name)
{
    bson_t *out = document_new(f->arena);
    bson_iter_t it;

    if (!bson_iter_init_find(&it, f->bench.current, name)) {
        return "";
    }
    bson_append_iter(out, "v", -1, &it);
    char *text = arena_strdup(f->arena, test_json(f->arena, out, NULL));
    text[strlen(text) - 1] = '\0';
    return text + strlen("{'v':");
}

#define ASSERT_FIELD(f, name, json) assert_string_equal(field(f, name), json)

/* ---- rows ---- */

static void an_id_becomes_the_snapshot_without_what_the_system_keeps(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':'b1','category':'c1','product_type':'t1',"
                         "'collections':['k1',{'collection_id':'k2'},'k3'],"
                         "'channel_categories':[{'channel_code':'web','category':'c1'}]}");
    ASSERT_FIELD(f, "brand", "{'brand_id':'b1','label':'Bosch','level':1}");
    ASSERT_FIELD(f, "category", "{'category_id':'c1','name':'Drills'}");
    ASSERT_FIELD(f, "product_type", "{'product_type_id':'t1','code':'T'}");
    ASSERT_FIELD(f, "collections",
                 "[{'collection_id':'k1','level':7},{'collection_id':'k2'},'k3']");
    ASSERT_FIELD(f, "channel_categories",
                 "[{'channel_code':'web','category':{'category_id':'c1','name':'Drills'}}]");
}

static void an_id_that_nobody_knows_and_a_snapshot_in_the_row_stay_as_they_came(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':'nobody','category':{'category_id':'c1'},"
                         "'product_type':null}");
    ASSERT_FIELD(f, "brand", "'nobody'");
    ASSERT_FIELD(f, "category", "{'category_id':'c1'}");
    ASSERT_FIELD(f, "product_type", "null");
}

static void in_partial_mode_nothing_of_the_old_snapshot_stays_in_the_new_one(void **state)
{
    struct row_fixture *f = *state;

    f->bench.request_json = "{'merge_mode':'partial'}";
    row_apply(&f->bench, "{'entity_code':'A','brand':'b1','price':1}");
    row_apply(&f->bench, "{'entity_code':'A','brand':'b2'}");
    ASSERT_FIELD(f, "brand", "{'brand_id':'b2','logo_url':'x'}");
    ASSERT_FIELD(f, "price", "1");
}

static void what_a_partial_row_does_not_name_is_not_resolved(void **state)
{
    struct row_fixture *f = *state;

    f->bench.request_json = "{'merge_mode':'partial'}";
    row_apply(&f->bench, "{'entity_code':'A','brand':'late','collections':['k1']}");
    row_bench_know(&f->bench, &entity_brands, "{'brand_id':'late'}");
    row_apply(&f->bench, "{'entity_code':'A','category':'c1'}");
    ASSERT_FIELD(f, "brand", "'late'");
    ASSERT_FIELD(f, "category", "{'category_id':'c1','name':'Drills'}");
}

static void a_locked_reference_keeps_its_snapshot(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':'b1'}");
    f->bench.source_json = "{'source_id':'s','locked_fields':['brand']}";
    row_apply(&f->bench, "{'entity_code':'A','brand':'b2'}");
    ASSERT_FIELD(f, "brand", "{'brand_id':'b1','label':'Bosch','level':1}");
}

static void a_short_row_that_names_a_large_entity_often_is_refused(void **state)
{
    struct row_fixture *f = *state;
    const size_t large = 1 << 20;
    char *json = arena_alloc(f->arena, large + 64);
    char *row = arena_calloc(f->arena, 1, 64 + 1000 * 6);
    size_t n = (size_t)sprintf(json, "{'collection_id':'big','slug':'");

    memset(json + n, 'x', large);
    memcpy(json + n + large, "'}", 3);
    row_bench_know(&f->bench, &entity_collections, json);
    strcpy(row, "{'entity_code':'A','collections':['big'");
    for (int i = 0; i < 999; i++) {
        strcat(row, ",'big'");
    }
    strcat(row, "]}");
    row_apply(&f->bench, row);
    /* Larger than what is stored, so that the write path refuses it; but not by much. */
    assert_in_range(f->bench.current->len, ENTITY_MAX_DOCUMENT, ENTITY_MAX_DOCUMENT + 2 * large);
}

/* ---- embeds ---- */

static void embeds_lists_each_entity_once_whether_by_id_or_snapshot(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench,
              "{'entity_code':'A','brand':'a|b','category':'c1','product_type':{'code':'T'},"
              "'collections':['k1',{'collection_id':'k2'},'k1',{'name':'no id'}],"
              "'channel_categories':[{'category':{'category_id':'c1'}},{'category':'c9'}]}");
    ASSERT_FIELD(f, "embeds",
                 "['acme|brands|a%7Cb','acme|categories|c1','acme|collections|k1',"
                 "'acme|collections|k2','acme|categories|c9']");
}

static void a_product_that_refers_to_nothing_has_no_embeds(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':null,'category':{},'collections':[],"
                         "'product_type':'','embeds':['acme|brands|b1']}");
    ASSERT_FIELD(f, "embeds", "");
}

static void embeds_follows_each_version_and_makes_none_by_itself(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':'b1'}");
    ASSERT_FIELD(f, "embeds", "['acme|brands|b1']");
    f->bench.source_json = "{'source_id':'s','unchanged':'skip'}";
    assert_int_equal(row_apply(&f->bench, "{'entity_code':'A','brand':'b1'}"), ROW_UNCHANGED);
    row_apply(&f->bench, "{'entity_code':'A'}");
    ASSERT_FIELD(f, "embeds", "");
}

static void an_id_that_no_entity_could_have_is_not_listed(void **state)
{
    struct row_fixture *f = *state;
    char *row = arena_calloc(f->arena, 1, 512);
    size_t n = (size_t)sprintf(row, "{'entity_code':'A','brand':'");

    memset(row + n, 'b', ENTITY_MAX_CODE + 1);
    strcat(row, "'}");
    row_apply(&f->bench, row);
    ASSERT_FIELD(f, "embeds", "");
}

/* ---- embedding ---- */

static void a_listed_product_gets_the_snapshot_in_place_of_another(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':{'brand_id':'b9'},'collections':['k9']}");
    assert_int_equal(row_embed(&f->bench, &entity_brands, "b2", true), ROW_UPDATED);
    assert_int_equal(row_embed(&f->bench, &entity_collections, "k1", true), ROW_UPDATED);
    assert_int_equal(row_embed(&f->bench, &entity_categories, "c1", true), ROW_UPDATED);
    assert_int_equal(row_embed(&f->bench, &entity_product_types, "t1", true), ROW_UPDATED);
    ASSERT_FIELD(f, "brand", "{'brand_id':'b2','logo_url':'x'}");
    ASSERT_FIELD(f, "collections", "['k9',{'collection_id':'k1','level':7}]");
    ASSERT_FIELD(f, "category", "{'category_id':'c1','name':'Drills'}");
    ASSERT_FIELD(f, "product_type", "{'product_type_id':'t1','code':'T'}");
    ASSERT_FIELD(f, "embeds",
                 "['acme|brands|b2','acme|collections|k9','acme|collections|k1',"
                 "'acme|categories|c1','acme|product_types|t1']");
    assert_int_equal(f->bench.outcome.version, 5);
}

static void
a_product_that_is_not_listed_is_refreshed_only_where_it_refers_to_the_entity(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench,
              "{'entity_code':'A','brand':{'brand_id':'b9'},"
              "'category':{'category_id':'c9'},'collections':[{'collection_id':'k1','level':1}],"
              "'channel_categories':[{'channel_code':'w','category':{'category_id':'c1'}},"
              "{'category':'c9'}]}");
    assert_int_equal(row_embed(&f->bench, &entity_brands, "b2", false), ROW_UNCHANGED);
    assert_int_equal(row_embed(&f->bench, &entity_collections, "k1", false), ROW_UPDATED);
    assert_int_equal(row_embed(&f->bench, &entity_categories, "c1", false), ROW_UPDATED);
    ASSERT_FIELD(f, "brand", "{'brand_id':'b9'}");
    ASSERT_FIELD(f, "category", "{'category_id':'c9'}");
    ASSERT_FIELD(f, "collections", "[{'collection_id':'k1','level':7}]");
    ASSERT_FIELD(f, "channel_categories",
                 "[{'channel_code':'w','category':{'category_id':'c1','name':'Drills'}},"
                 "{'category':'c9'}]");
}

static void an_id_that_was_kept_as_text_becomes_the_snapshot(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':'new','collections':['k7','other']}");
    row_bench_know(&f->bench, &entity_brands, "{'brand_id':'new'}");
    row_bench_know(&f->bench, &entity_collections, "{'collection_id':'k7'}");
    row_embed(&f->bench, &entity_brands, "new", false);
    row_embed(&f->bench, &entity_collections, "k7", true);
    ASSERT_FIELD(f, "brand", "{'brand_id':'new'}");
    ASSERT_FIELD(f, "collections", "[{'collection_id':'k7'},'other']");
}

static void a_listed_product_gets_the_key_of_a_dictionary_once(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','synonym_keys':['old']}");
    assert_int_equal(row_embed(&f->bench, &entity_synonym_dictionaries, "d1", false),
                     ROW_UNCHANGED);
    assert_int_equal(row_embed(&f->bench, &entity_synonym_dictionaries, "d1", true), ROW_UPDATED);
    assert_int_equal(row_embed(&f->bench, &entity_synonym_dictionaries, "d1", true), ROW_UNCHANGED);
    ASSERT_FIELD(f, "synonym_keys", "['old','tools']");
}

static void a_snapshot_that_stands_there_already_makes_no_version(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench,
              "{'entity_code':'A','brand':{'level':1.0,'label':'Bosch','brand_id':'b1'}}");
    assert_int_equal(row_embed(&f->bench, &entity_brands, "b1", true), ROW_UNCHANGED);
    assert_int_equal(f->bench.outcome.version, 1);
    assert_int_equal(document_int64(f->bench.current, "version", 0), 1);
}

static void embedding_keeps_the_source_and_the_state_and_computes_the_score(void **state)
{
    struct row_fixture *f = *state;

    f->bench.source_json = "{'source_id':'s','name':'Feed','auto_publish_enabled':true,"
                           "'min_score_threshold':20}";
    row_apply(&f->bench, "{'entity_code':'A','name':'Drill'}");
    assert_string_equal(document_text(f->bench.current, "status"), "published");
    f->bench.source_json = NULL;
    row_embed(&f->bench, &entity_brands, "b1", true);
    assert_string_equal(document_text(f->bench.current, "status"), "published");
    assert_string_equal(document_text(f->bench.current, "source.source_id"), "s");
    assert_int_equal(document_int64(f->bench.current, "completeness_score", 0), 30);
    assert_false(f->bench.outcome.meets_publish_rule);
}

static void embedding_publishes_no_draft(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench,
              "{'entity_code':'A','auto_publish_enabled':true,'min_score_threshold':10}");
    row_embed(&f->bench, &entity_brands, "b1", true);
    assert_string_equal(document_text(f->bench.current, "status"), "draft");
    assert_int_equal(document_int64(f->bench.current, "completeness_score", 0), 10);
}

static void embedding_does_not_change_what_is_locked(void **state)
{
    struct row_fixture *f = *state;

    row_apply(&f->bench, "{'entity_code':'A','brand':{'brand_id':'b1','level':9}}");
    bson_t *locked = document_new(f->arena);
    bson_concat(locked, f->bench.current);
    BCON_APPEND(locked, "locked_fields", "[", "brand.level", "category", "]");
    f->bench.current = locked;
    row_embed(&f->bench, &entity_brands, "b1", false);
    row_embed(&f->bench, &entity_categories, "c1", true);
    ASSERT_FIELD(f, "brand", "{'brand_id':'b1','label':'Bosch','level':9}");
    /* What has no value yet may be set. */
    ASSERT_FIELD(f, "category", "{'category_id':'c1','name':'Drills'}");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(an_id_becomes_the_snapshot_without_what_the_system_keeps),
        CLAIM(an_id_that_nobody_knows_and_a_snapshot_in_the_row_stay_as_they_came),
        CLAIM(in_partial_mode_nothing_of_the_old_snapshot_stays_in_the_new_one),
        CLAIM(what_a_partial_row_does_not_name_is_not_resolved),
        CLAIM(a_locked_reference_keeps_its_snapshot),
        CLAIM(a_short_row_that_names_a_large_entity_often_is_refused),
        CLAIM(embeds_lists_each_entity_once_whether_by_id_or_snapshot),
        CLAIM(a_product_that_refers_to_nothing_has_no_embeds),
        CLAIM(embeds_follows_each_version_and_makes_none_by_itself),
        CLAIM(an_id_that_no_entity_could_have_is_not_listed),
        CLAIM(a_listed_product_gets_the_snapshot_in_place_of_another),
        CLAIM(a_product_that_is_not_listed_is_refreshed_only_where_it_refers_to_the_entity),
        CLAIM(an_id_that_was_kept_as_text_becomes_the_snapshot),
        CLAIM(a_listed_product_gets_the_key_of_a_dictionary_once),
        CLAIM(a_snapshot_that_stands_there_already_makes_no_version),
        CLAIM(embedding_keeps_the_source_and_the_state_and_computes_the_score),
        CLAIM(embedding_publishes_no_draft),
        CLAIM(embedding_does_not_change_what_is_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
