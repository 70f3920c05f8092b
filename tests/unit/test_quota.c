#include "support/test.h"

#include "quota/quota.h"

enum { NOW_MS = 1000000 };

static const struct quota_limits small = {
    .requests_per_second = 2, .burst = 5, .concurrent_jobs = 3, .bytes_in_flight = 100};

static void a_burst_is_taken_and_then_refused(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");
    struct quota_requests seen;

    (void)state;
    for (int i = 4; i >= 0; i--) {
        assert_true(quota_take_request(acme, NOW_MS, &seen));
        assert_int_equal(seen.left, i);
    }
    assert_false(quota_take_request(acme, NOW_MS, &seen));
    assert_int_equal(seen.burst, 5);
    assert_int_equal(seen.window_s, 3);
    assert_int_equal(seen.left, 0);
    assert_int_equal(seen.full_in_s, 3);
    assert_int_equal(seen.next_in_s, 1);
}

static void requests_come_back_with_time_and_never_beyond_the_burst(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");
    struct quota_requests seen;

    (void)state;
    while (quota_take_request(acme, NOW_MS, &seen)) {
    }
    assert_false(quota_take_request(acme, NOW_MS + 499, &seen));
    assert_true(quota_take_request(acme, NOW_MS + 500, &seen));
    assert_int_equal(seen.left, 0);
    assert_true(quota_take_request(acme, INT64_MAX, &seen));
    assert_int_equal(seen.left, 4);
}

static void a_clock_that_goes_back_gives_nothing_and_breaks_nothing(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");
    struct quota_requests seen;

    (void)state;
    while (quota_take_request(acme, NOW_MS, &seen)) {
    }
    assert_false(quota_take_request(acme, NOW_MS - 5000, &seen));
    assert_int_equal(seen.left, 0);
}

static void one_tenants_requests_are_not_anothers(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_requests seen;

    (void)state;
    while (quota_take_request(quota_tenant(quota, "acme"), NOW_MS, &seen)) {
    }
    assert_true(quota_take_request(quota_tenant(quota, "globex"), NOW_MS, &seen));
    assert_int_equal(seen.left, 4);
}

static void a_smaller_limit_holds_at_once(void **state)
{
    const struct quota_limits one = {
        .requests_per_second = 1, .burst = 1, .concurrent_jobs = 1, .bytes_in_flight = 1};
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");
    struct quota_requests seen;

    (void)state;
    assert_true(quota_take_request(acme, NOW_MS, &seen));
    quota_set_limits(acme, &one);
    assert_true(quota_take_request(acme, NOW_MS, &seen));
    assert_false(quota_take_request(acme, NOW_MS, &seen));
}

static void limits_are_looked_up_by_one_caller_at_a_time(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");

    (void)state;
    assert_true(quota_wants_limits(acme, NOW_MS));
    assert_false(quota_wants_limits(acme, NOW_MS + QUOTA_LIMITS_MS - 1));
    assert_true(quota_wants_limits(acme, NOW_MS + QUOTA_LIMITS_MS));
}

static void bytes_in_hand_are_bounded_and_come_back(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");

    (void)state;
    assert_true(quota_take_bytes(acme, 60));
    assert_true(quota_take_bytes(acme, 40));
    assert_false(quota_take_bytes(acme, 1));
    assert_true(quota_take_bytes(acme, 0));
    quota_return_bytes(acme, 40);
    assert_true(quota_take_bytes(acme, 40));
}

static void a_request_that_is_alone_is_never_too_large(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");

    (void)state;
    assert_true(quota_take_bytes(acme, 5000));
    assert_false(quota_take_bytes(acme, 1));
    quota_return_bytes(acme, 5000);
    assert_true(quota_take_bytes(acme, 1));
}

static void jobs_beyond_the_limit_are_refused_until_a_count_finds_room(void **state)
{
    AUTO(quota) struct quota *quota = quota_new(&small);
    struct quota_tenant *acme = quota_tenant(quota, "acme");
    int64_t left;

    (void)state;
    assert_true(quota_wants_jobs(acme, NOW_MS));
    quota_set_jobs(acme, 2, NOW_MS);
    assert_false(quota_wants_jobs(acme, NOW_MS + QUOTA_JOBS_MS - 1));
    assert_true(quota_take_job(acme, &left));
    assert_int_equal(left, 0);
    assert_false(quota_take_job(acme, &left));
    assert_false(quota_wants_jobs(acme, NOW_MS + QUOTA_FULL_MS - 1));
    assert_true(quota_wants_jobs(acme, NOW_MS + QUOTA_FULL_MS));
    quota_set_jobs(acme, 0, NOW_MS + QUOTA_FULL_MS);
    assert_true(quota_take_job(acme, &left));
    assert_int_equal(left, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_taken_and_then_refused),
        cmocka_unit_test(requests_come_back_with_time_and_never_beyond_the_burst),
        cmocka_unit_test(a_clock_that_goes_back_gives_nothing_and_breaks_nothing),
        cmocka_unit_test(one_tenants_requests_are_not_anothers),
        cmocka_unit_test(a_smaller_limit_holds_at_once),
        cmocka_unit_test(limits_are_looked_up_by_one_caller_at_a_time),
        cmocka_unit_test(bytes_in_hand_are_bounded_and_come_back),
        cmocka_unit_test(a_request_that_is_alone_is_never_too_large),
        cmocka_unit_test(jobs_beyond_the_limit_are_refused_until_a_count_finds_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
