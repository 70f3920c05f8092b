#include "support/apply_fixture.h"

#include "domain/document.h"
#include "domain/entity.h"
#include "domain/stored.h"
#include "message/topics.h"
#include "store/progress.h"
#include "support/kafka.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

/* Snapshots of entities on their way into products, on a real MongoDB and a real Kafka. */

static const struct entity *const products_only[] = {&entity_products, NULL};
static const struct entity *const brands_only[] = {&entity_brands, NULL};

static void assert_run(const struct apply_options *options, const struct bus_run *run)
{
    struct apply *apply = apply_open(options);
    struct err err;

    assert_ok(apply_run(apply, run, &err), &err);
    apply_close(apply);
}

static struct apply_options products_importer(void)
{
    return (struct apply_options){&fixture.config, fixture.store, fixture.producer, products_only,
                                  false};
}

static struct apply_options entity_importer(void)
{
    return (struct apply_options){&fixture.config, fixture.store, fixture.producer, brands_only,
                                  true};
}

static void put_entity(const struct entity *entity, const char *tenant, const char *json)
{
    struct chunk_spec spec = {.job_id = new_job_of(tenant, "accepted"),
                              .tenant = tenant,
                              .entity = entity->name,
                              .rows = {json}};

    assert_applied(entity, &spec, 1);
}

static void put_product(const char *json)
{
    struct chunk_spec spec = {.job_id = new_job("accepted"), .rows = {json}};

    assert_applied(&entity_products, &spec, 1);
}

static void put_products(const char *prefix, int count, const char *members)
{
    for (int i = 0; i < count; i += 4) {
        struct chunk_spec spec = {.job_id = new_job("accepted")};

        for (int k = 0; k < 4 && i + k < count; k++) {
            spec.rows[k] =
                arena_printf(fixture.arena, "{'entity_code':'%s%04d',%s}", prefix, i + k, members);
        }
        assert_applied(&entity_products, &spec, 1);
    }
}

/* The text at a path of a stored product, "" when there is none. */
static const char *product_text(const char *id, const char *path)
{
    AUTO(bson) bson_t *product = stored("products", id);
    const char *text = product ? document_text(product, path) : NULL;

    return arena_strdup(fixture.arena, text ? text : "");
}

/* ---- rows ---- */

static void an_id_in_a_row_becomes_what_the_tenant_itself_knows(void **state)
{
    (void)state;
    put_entity(&entity_brands, "acme", "{'brand_id':'own','label':'ours'}");
    put_entity(&entity_brands, "globex", "{'brand_id':'own','label':'theirs'}");
    put_entity(&entity_brands, "globex", "{'brand_id':'foreign'}");
    put_entity(&entity_collections, "acme", "{'collection_id':'summer','name':'Summer'}");
    put_product("{'entity_code':'r1','brand':'own','collections':['summer','unknown']}");
    put_product("{'entity_code':'r2','brand':'foreign'}");

    assert_string_equal(product_text("acme|r1", "brand.label"), "ours");
    assert_string_equal(product_text("acme|r1", "collections.0.name.it"), "Summer");
    assert_string_equal(product_text("acme|r1", "collections.1"), "unknown");
    assert_string_equal(product_text("acme|r1", "embeds.0"), "acme|brands|own");
    assert_string_equal(product_text("acme|r1", "brand._id"), "");
    assert_string_equal(product_text("acme|r1", "brand.import.job_id"), "");
    assert_string_equal(product_text("acme|r2", "brand"), "foreign");
}

/* ---- listed products ---- */

static void listed_products_get_the_snapshot_and_unknown_codes_are_row_errors(void **state)
{
    struct chunk_embed embed = {"brands", "listed"};
    struct chunk_spec spec = {
        .job_id = new_job("accepted"),
        .rows = {"{'entity_code':'l1'}", "{'entity_code':'nobody'}", "{'entity_code':'l2'}"},
        .embed = &embed};

    (void)state;
    put_entity(&entity_brands, "acme", "{'brand_id':'listed','label':'Listed'}");
    put_product("{'entity_code':'l1','price':5}");
    put_product("{'entity_code':'l2','brand':{'brand_id':'listed','label':'Listed'}}");
    assert_applied(&entity_products, &spec, 1);
    assert_applied(&entity_products, &spec, 1);

    assert_string_equal(product_text("acme|l1", "brand.label"), "Listed");
    assert_int_equal(version_of("acme|l1"), 2);
    assert_int_equal(version_of("acme|l2"), 1);
    assert_int_equal(version_of("acme|nobody"), 0);
    AUTO(bson)
    bson_t *error =
        stored("import_errors", arena_printf(fixture.arena, "%s|00000001", spec.job_id));
    assert_string_equal(document_text(error, "findings.0.code"), "product_unknown");
    assert_string_equal(document_text(error, "entity_code"), "nobody");
    AUTO(bson)
    bson_t *receipt = stored("import_receipts", arena_printf(fixture.arena, "%s|0", spec.job_id));
    assert_int_equal(document_int64(receipt, "counts.successful", -1), 2);
    assert_int_equal(document_int64(receipt, "counts.unchanged", -1), 1);
    assert_int_equal(document_int64(receipt, "counts.failed", -1), 1);
    assert_int_equal(document_int64(receipt, "counts.search_items", -1), 1);
}

static void listed_products_of_an_entity_that_was_refused_are_row_errors(void **state)
{
    struct chunk_embed embed = {"brands", "refused"};
    struct chunk_spec spec = {
        .job_id = new_job("accepted"), .rows = {"{'entity_code':'e1'}"}, .embed = &embed};

    (void)state;
    put_product("{'entity_code':'e1'}");
    assert_applied(&entity_products, &spec, 1);
    assert_int_equal(version_of("acme|e1"), 1);
    AUTO(bson)
    bson_t *error =
        stored("import_errors", arena_printf(fixture.arena, "%s|00000000", spec.job_id));
    assert_string_equal(document_text(error, "findings.0.code"), "entity_unknown");
}

static void a_chunk_that_embeds_what_products_do_not_refer_to_is_given_up(void **state)
{
    struct chunk_embed embed = {"customers", "c"};
    struct chunk_spec spec = {
        .job_id = new_job("accepted"), .rows = {"{'entity_code':'g1'}"}, .embed = &embed};
    struct err err;

    (void)state;
    assert_false(apply_specs(&entity_products, &spec, 1, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

/* ---- pages ---- */

static void a_page_does_not_bring_back_what_a_chunk_of_the_same_run_replaced(void **state)
{
    struct chunk_embed embed = {"brands", "left"};
    struct chunk_scan scan = {"", 0};
    struct chunk_spec specs[] = {
        {.job_id = new_job("accepted"), .rows = {"{'entity_code':'s1','brand':'other'}"}},
        {.job_id = new_job("accepted"), .embed = &embed, .scan = &scan},
    };

    (void)state;
    put_entity(&entity_brands, "acme", "{'brand_id':'left','label':'Left'}");
    put_product("{'entity_code':'s1','brand':'left'}");
    put_entity(&entity_brands, "acme", "{'brand_id':'left','label':'New'}");
    assert_applied(&entity_products, specs, 2);
    assert_string_equal(product_text("acme|s1", "brand"), "other");
    assert_int_equal(version_of("acme|s1"), 2);
}

/* ---- a whole job ---- */

/* Everything about the job that stands in the topic of progress, folded as the tracker does. */
static bool fold_progress(struct bus_consumer *progress, const char *job_id)
{
    const struct bus_run_limits limits = {.messages = 100, .weight = 100000, .bytes = 1 << 20};
    struct bus_run run = {0};
    bool is_ended = false;
    struct err err;

    assert_ok(bus_consumer_take(progress, &limits, 50, &run, &err), &err);
    for (size_t i = 0; i < run.count; i++) {
        struct chunk_done done;
        struct progress folded;
        bool finished;

        assert_ok(chunk_done_decode(fixture.arena, run.messages[i].value, &done, &err), &err);
        if (strcmp(done.origin.job_id, job_id) != 0 || done.stage == CHUNK_INDEXED) {
            continue;
        }
        assert_ok(done.stage == CHUNK_SEALED
                      ? progress_fold_sealed(fixture.session, &done, &folded, &err)
                      : progress_fold_applied(fixture.session, &done, &folded, &err),
                  &err);
        assert_ok(progress_finish(fixture.session, &folded.job, &finished, &err), &err);
        is_ended = strcmp(document_text(folded.job, "status"), "completed") == 0;
        bson_destroy(folded.job);
    }
    bus_run_free(&run);
    return is_ended;
}

/* Applies each run of the topic of products twice, as after a crash, until the job has ended. */
static void run_job(const char *job_id)
{
    const struct bus_run_limits limits = {.messages = 10, .weight = 2500, .bytes = 1 << 20};
    const struct apply_options options = products_importer();
    const char *topics[] = {TOPIC_IMPORT_PRODUCTS, TOPIC_PROGRESS};
    struct bus_consumer *chunks = NULL;
    struct bus_consumer *progress = NULL;
    struct err err;

    assert_ok(bus_consumer_open(&fixture.config, arena_printf(fixture.arena, "c.%s", job_id),
                                &topics[0], 1, &chunks, &err),
              &err);
    assert_ok(bus_consumer_open(&fixture.config, arena_printf(fixture.arena, "p.%s", job_id),
                                &topics[1], 1, &progress, &err),
              &err);
    for (bool is_ended = false; !is_ended;) {
        struct bus_run run = {0};

        assert_ok(bus_consumer_take(chunks, &limits, 50, &run, &err), &err);
        for (int i = 0; i < 2 && run.count > 0; i++) {
            assert_run(&options, &run);
        }
        bus_run_free(&run);
        is_ended = fold_progress(progress, job_id);
    }
    bus_consumer_close(progress);
    bus_consumer_close(chunks);
}

/* What ingress publishes for an import of a brand: its row, listed products, the first page. */
static const char *import_brand(const char *id, const char *row, const char *listed)
{
    const char *job_id = new_job("accepted");
    struct chunk_embed embed = {"brands", id};
    struct chunk_scan scan = {"", 3};
    const struct apply_options options = entity_importer();
    struct chunk_spec specs[] = {
        {.job_id = job_id, .entity = "brands", .first_row = 2, .rows = {row}},
        {.job_id = job_id,
         .number = 1,
         .rows = {arena_printf(fixture.arena, "{'entity_code':'%s'}", listed),
                  "{'entity_code':'nobody'}"},
         .embed = &embed},
        {.job_id = job_id, .number = 2, .embed = &embed, .scan = &scan},
    };
    struct bus_message messages[3];

    for (size_t i = 0; i < 3; i++) {
        messages[i] = message_of(&specs[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_run(&options, &(struct bus_run){.messages = messages, .count = 3});
    }
    return job_id;
}

static void assert_job(const char *job_id, int64_t chunks, int64_t rows, int64_t unchanged)
{
    AUTO(bson) bson_t *job = stored("import_jobs", job_id);

    assert_int_equal(document_int64(job, "total_chunks", -1), chunks);
    assert_int_equal(document_int64(job, "done_chunks", -1), chunks);
    assert_int_equal(document_int64(job, "total_rows", -1), rows);
    assert_int_equal(document_int64(job, "processed_rows", -1), rows);
    assert_int_equal(document_int64(job, "failed_rows", -1), 1);
    assert_int_equal(document_int64(job, "unchanged_rows", -1), unchanged);
    assert_int_equal(count_in("import_receipts", "job_id", job_id), chunks);
}

static void an_imported_entity_reaches_each_product_that_embeds_it_once(void **state)
{
    enum { PRODUCTS = 260 };

    (void)state;
    put_entity(&entity_brands, "acme", "{'brand_id':'wide','label':'old'}");
    put_products("w", PRODUCTS, "'brand':'wide'");
    put_product("{'entity_code':'alone','brand':'wider'}");
    put_product("{'entity_code':'text','brand':{'brand_id':'none'}}");
    const char *job_id = import_brand("wide", "{'brand_id':'wide','label':'new'}", "text");

    run_job(job_id);
    /* The brand, two listed, a full page, and a page of 10. */
    assert_job(job_id, 4, 3 + PRODUCTS, 0);
    for (int i = 0; i < PRODUCTS; i++) {
        const char *id = arena_printf(fixture.arena, "acme|w%04d", i);

        assert_int_equal(version_of(id), 2);
        assert_string_equal(product_text(id, "brand.label"), "new");
    }
    assert_string_equal(product_text("acme|text", "brand.label"), "new");
    assert_int_equal(version_of("acme|text"), 2);
    assert_int_equal(version_of("acme|alone"), 1);
    AUTO(bson) bson_t *last = stored("products", "acme|w0259");
    assert_int_equal(document_int64(last, "import.row", -1), 3 + PRODUCTS - 1);
}

static void a_job_ends_behind_a_last_page_that_is_full(void **state)
{
    int64_t rows = fixture.config.chunk_rows;

    (void)state;
    fixture.config.chunk_rows = 2;
    put_entity(&entity_brands, "acme", "{'brand_id':'full','label':'old'}");
    put_products("f|%", 5, "'brand':'full'");
    const char *job_id = import_brand("full", "{'brand_id':'full','label':'new'}", "f|%0001");

    run_job(job_id);
    /* The brand, two listed, two full pages of the others, an empty one. */
    assert_job(job_id, 5, 3 + 4, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(version_of(arena_printf(fixture.arena, "acme|f%%7C%%25%04d", i)), 2);
    }
    fixture.config.chunk_rows = rows;
}

static void a_job_ends_when_no_product_embeds_the_entity(void **state)
{
    (void)state;
    put_product("{'entity_code':'lone'}");
    const char *job_id = import_brand("rare", "{'brand_id':'rare','label':5}", "lone");

    /* The brand was refused: there is nothing to embed. */
    run_job(job_id);
    AUTO(bson) bson_t *job = stored("import_jobs", job_id);
    assert_string_equal(document_text(job, "status"), "completed");
    assert_int_equal(document_int64(job, "total_rows", -1), 3);
    assert_int_equal(document_int64(job, "failed_rows", -1), 3);
    assert_int_equal(version_of("acme|lone"), 1);
}

/* ---- forwarding ---- */

static void a_chunk_of_products_goes_on_unchanged_with_the_key_of_its_lane(void **state)
{
    const struct bus_run_limits limits = {.messages = 100, .weight = 100000, .bytes = 1 << 20};
    const struct apply_options options = entity_importer();
    const char *topic = TOPIC_IMPORT_PRODUCTS;
    struct chunk_spec spec = {.job_id = new_job("accepted"), .rows = {"{'entity_code':'fwd'}"}};
    struct bus_message message = message_of(&spec);
    struct bus_consumer *consumer = NULL;
    struct err err;
    bool is_found = false;

    (void)state;
    assert_run(&options, &(struct bus_run){.messages = &message, .count = 1});
    assert_int_equal(version_of("acme|fwd"), 0);
    assert_ok(bus_consumer_open(&fixture.config, "forwarded", &topic, 1, &consumer, &err), &err);
    while (!is_found) {
        struct bus_run run = {0};

        kafka_take(consumer, &limits, &run);
        for (size_t i = 0; i < run.count && !is_found; i++) {
            is_found = str_eq(run.messages[i].value, message.value);
            if (is_found) {
                assert_true(str_eq(run.messages[i].key, STR("acme|0")));
                assert_string_equal(bus_message_header(&run.messages[i], "job-id"), spec.job_id);
                assert_int_equal(run.messages[i].weight, 1);
            }
        }
        bus_run_free(&run);
    }
    bus_consumer_close(consumer);
}

static void a_chunk_of_an_entity_that_nobody_owns_is_given_up(void **state)
{
    const struct apply_options options = entity_importer();
    struct bus_message message = message_of(&(struct chunk_spec){
        .job_id = new_job("accepted"), .entity = "customers", .rows = {"{'external_code':'x'}"}});
    struct apply *apply = apply_open(&options);
    struct err err;

    (void)state;
    assert_false(apply_run(apply, &(struct bus_run){.messages = &message, .count = 1}, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    apply_close(apply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_in_a_row_becomes_what_the_tenant_itself_knows),
        cmocka_unit_test(listed_products_get_the_snapshot_and_unknown_codes_are_row_errors),
        cmocka_unit_test(listed_products_of_an_entity_that_was_refused_are_row_errors),
        cmocka_unit_test(a_chunk_that_embeds_what_products_do_not_refer_to_is_given_up),
        cmocka_unit_test(a_page_does_not_bring_back_what_a_chunk_of_the_same_run_replaced),
        cmocka_unit_test(an_imported_entity_reaches_each_product_that_embeds_it_once),
        cmocka_unit_test(a_job_ends_behind_a_last_page_that_is_full),
        cmocka_unit_test(a_job_ends_when_no_product_embeds_the_entity),
        cmocka_unit_test(a_chunk_of_products_goes_on_unchanged_with_the_key_of_its_lane),
        cmocka_unit_test(a_chunk_of_an_entity_that_nobody_owns_is_given_up),
    };

    return cmocka_run_group_tests(tests, apply_fixture_open, apply_fixture_close);
}
