#include "support/database.h"
#include "support/test.h"

#include "store/idempotency.h"

#include <pthread.h>
#include <string.h>

enum { NOW = 1000000, LEASE_MS = 5000, TTL_MS = 86400000, CLAIMANTS = 8 };

static struct idempotency_request request_of(const char *key, const char *job_id, int64_t now_ms)
{
    return (struct idempotency_request){.key = {"acme", key},
                                        .route = "POST /rows",
                                        .body_sha256 = "b0d1",
                                        .job_id = job_id,
                                        .now_ms = now_ms,
                                        .lease_ms = LEASE_MS,
                                        .ttl_ms = TTL_MS};
}

static struct idempotency_claim claim(struct idempotency_request request)
{
    struct idempotency_claim out;
    struct err err;

    assert_ok(idempotency_claim(database.session, &request, database.arena, &out, &err), &err);
    return out;
}

static void finish(const char *key, const char *text)
{
    struct err err;

    assert_ok(idempotency_finish(database.session, &(struct idempotency_key){"acme", key},
                                 &(struct idempotency_answer){202, text}, &err),
              &err);
}

static void a_new_key_belongs_to_the_first_request(void **state)
{
    (void)state;
    assert_int_equal(claim(request_of("new", "j1", NOW)).outcome, IDEMPOTENCY_OWNED);
    assert_int_equal(claim(request_of("new", "j2", NOW + 1)).outcome, IDEMPOTENCY_BUSY);
}

static void a_repeated_request_gets_the_first_answer(void **state)
{
    (void)state;
    claim(request_of("done", "j1", NOW));
    finish("done", "{\"job_id\":\"j1\"}");
    struct idempotency_claim again = claim(request_of("done", "j2", NOW + 1));

    assert_int_equal(again.outcome, IDEMPOTENCY_DONE);
    assert_int_equal(again.status, 202);
    assert_string_equal(again.answer, "{\"job_id\":\"j1\"}");
    assert_string_equal(again.job_id, "j1");
}

static void another_body_or_route_under_the_same_key_is_a_mismatch(void **state)
{
    struct idempotency_request other_body = request_of("same", "j2", NOW + LEASE_MS + 1);
    struct idempotency_request other_route = other_body;

    (void)state;
    claim(request_of("same", "j1", NOW));
    other_body.body_sha256 = "0ther";
    other_route.route = "POST /others";
    assert_int_equal(claim(other_body).outcome, IDEMPOTENCY_MISMATCH);
    assert_int_equal(claim(other_route).outcome, IDEMPOTENCY_MISMATCH);
    finish("same", "{}");
    assert_int_equal(claim(other_body).outcome, IDEMPOTENCY_MISMATCH);
}

static void another_tenant_has_the_same_key_for_itself(void **state)
{
    struct idempotency_request other = request_of("shared", "j2", NOW);

    (void)state;
    claim(request_of("shared", "j1", NOW));
    other.key.tenant = "globex";
    assert_int_equal(claim(other).outcome, IDEMPOTENCY_OWNED);
}

static void the_job_of_a_dead_request_is_resumed_when_its_lease_is_over(void **state)
{
    struct idempotency_claim resumed;

    (void)state;
    claim(request_of("dead", "j1", NOW));
    assert_int_equal(claim(request_of("dead", "j2", NOW + LEASE_MS - 1)).outcome, IDEMPOTENCY_BUSY);
    resumed = claim(request_of("dead", "j2", NOW + LEASE_MS));
    assert_int_equal(resumed.outcome, IDEMPOTENCY_RESUMED);
    assert_string_equal(resumed.job_id, "j1");
    assert_int_equal(claim(request_of("dead", "j3", NOW + LEASE_MS + 1)).outcome, IDEMPOTENCY_BUSY);
}

static void a_failed_request_makes_room_for_its_repetition(void **state)
{
    struct idempotency_key key = {"acme", "failed"};
    struct idempotency_claim first = claim(request_of("failed", "j1", NOW));
    struct err err;

    (void)state;
    assert_ok(idempotency_release(database.session, &key, first.lease_until, &err), &err);
    struct idempotency_claim second = claim(request_of("failed", "j2", NOW + 1));

    assert_int_equal(second.outcome, IDEMPOTENCY_OWNED);
    assert_string_equal(second.job_id, "j2");
}

static void a_request_that_lost_its_lease_cannot_release_the_key(void **state)
{
    struct idempotency_key key = {"acme", "slow"};
    struct idempotency_claim slow = claim(request_of("slow", "j1", NOW));
    struct err err;

    (void)state;
    claim(request_of("slow", "j2", NOW + LEASE_MS));
    assert_ok(idempotency_release(database.session, &key, slow.lease_until, &err), &err);
    assert_int_equal(claim(request_of("slow", "j3", NOW + LEASE_MS + 1)).outcome, IDEMPOTENCY_BUSY);
}

static void a_key_is_new_again_when_its_time_is_over(void **state)
{
    (void)state;
    claim(request_of("old", "j1", NOW));
    finish("old", "{}");
    struct idempotency_claim later = claim(request_of("old", "j2", NOW + TTL_MS));

    assert_int_equal(later.outcome, IDEMPOTENCY_OWNED);
    assert_string_equal(later.job_id, "j2");
}

/* ---- at the same time ---- */

struct claimant {
    pthread_t thread;
    struct idempotency_request request;
    enum idempotency_outcome outcome;
    bool ok;
};

static void *claim_once(void *ctx)
{
    struct claimant *claimant = ctx;
    struct store_session *own = NULL;
    struct arena *own_arena = arena_new();
    struct idempotency_claim out;
    struct err err;

    claimant->ok = store_session_open(database.store, &own, &err) &&
                   idempotency_claim(own, &claimant->request, own_arena, &out, &err);
    claimant->outcome = out.outcome;
    store_session_close(own);
    arena_free(own_arena);
    return NULL;
}

/* Returns how many of the claimants had this outcome; the others must have found the key busy. */
static int claim_at_once(struct idempotency_request request, enum idempotency_outcome outcome)
{
    struct claimant claimants[CLAIMANTS] = {0};
    int winners = 0;

    for (int i = 0; i < CLAIMANTS; i++) {
        claimants[i].request = request;
        assert_int_equal(pthread_create(&claimants[i].thread, NULL, claim_once, &claimants[i]), 0);
    }
    for (int i = 0; i < CLAIMANTS; i++) {
        pthread_join(claimants[i].thread, NULL);
        assert_true(claimants[i].ok);
        winners += claimants[i].outcome == outcome;
        assert_true(claimants[i].outcome == outcome || claimants[i].outcome == IDEMPOTENCY_BUSY);
    }
    return winners;
}

static void of_many_requests_at_once_one_owns_the_key(void **state)
{
    (void)state;
    assert_int_equal(claim_at_once(request_of("race", "j1", NOW), IDEMPOTENCY_OWNED), 1);
}

static void of_many_requests_at_once_one_resumes_the_job(void **state)
{
    (void)state;
    claim(request_of("race2", "j1", NOW));
    assert_int_equal(claim_at_once(request_of("race2", "j2", NOW + LEASE_MS), IDEMPOTENCY_RESUMED),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_key_belongs_to_the_first_request),
        cmocka_unit_test(a_repeated_request_gets_the_first_answer),
        cmocka_unit_test(another_body_or_route_under_the_same_key_is_a_mismatch),
        cmocka_unit_test(another_tenant_has_the_same_key_for_itself),
        cmocka_unit_test(the_job_of_a_dead_request_is_resumed_when_its_lease_is_over),
        cmocka_unit_test(a_failed_request_makes_room_for_its_repetition),
        cmocka_unit_test(a_request_that_lost_its_lease_cannot_release_the_key),
        cmocka_unit_test(a_key_is_new_again_when_its_time_is_over),
        cmocka_unit_test(of_many_requests_at_once_one_owns_the_key),
        cmocka_unit_test(of_many_requests_at_once_one_resumes_the_job),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
