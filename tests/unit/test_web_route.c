#include "web/web_route.h"

#include "support/test.h"

static void handle(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    (void)reply;
}

static const struct web_route routes[] = {
    {"GET", "/", handle, WEB_PLAIN},
    {"GET", "/api/jobs/:jobId", handle, WEB_PLAIN},
    {"GET", "/api/jobs/latest", handle, WEB_PLAIN},
    {"POST", "/api/jobs", handle, WEB_PLAIN},
    {"GET", "/api/jobs", handle, WEB_PLAIN},
    {"DELETE", "/api/jobs/:jobId", handle, WEB_PLAIN},
    {"GET", "/api/:kind/:id/rows/:row", handle, WEB_PLAIN},
    {"GET", "/api/jobs/:jobId/rows/last", handle, WEB_PLAIN},
    {"POST", "/api/jobs/search", handle, WEB_PLAIN},
    {"PATCH", "/all", handle, false},
    {"PUT", "/all", handle, WEB_PLAIN},
    {"OPTIONS", "/all", handle, false},
    {"GET", "/all", handle, WEB_PLAIN},
    {"POST", "/all", handle, WEB_PLAIN},
    {"DELETE", "/all", handle, WEB_PLAIN},
};

static struct web_match find(const char *method, const char *path)
{
    struct web_options options = {.routes = routes,
                                  .route_count = sizeof(routes) / sizeof(routes[0])};
    struct web_match match;

    web_route_find(&options, str_from(method), str_from(path), &match);
    return match;
}

static void assert_route(const char *method, const char *path, const char *pattern)
{
    struct web_match match = find(method, path);

    assert_non_null(match.route);
    assert_string_equal(match.route->pattern, pattern);
    assert_string_equal(match.allow, "");
}

static void assert_no_route(const char *method, const char *path, const char *allow)
{
    struct web_match match = find(method, path);

    assert_null(match.route);
    assert_string_equal(match.allow, allow);
}

static void a_path_finds_its_route(void **state)
{
    (void)state;
    assert_route("GET", "/", "/");
    assert_route("POST", "/api/jobs", "/api/jobs");
    assert_route("GET", "/api/jobs/job_1", "/api/jobs/:jobId");
}

static void the_method_chooses_between_routes_of_one_path(void **state)
{
    (void)state;
    assert_string_equal(find("POST", "/api/jobs").route->method, "POST");
    assert_string_equal(find("GET", "/api/jobs").route->method, "GET");
    assert_string_equal(find("DELETE", "/api/jobs/1").route->method, "DELETE");
}

static void head_takes_the_route_of_get(void **state)
{
    (void)state;
    assert_string_equal(find("HEAD", "/api/jobs").route->method, "GET");
}

static void a_literal_segment_wins_over_a_parameter(void **state)
{
    (void)state;
    assert_route("GET", "/api/jobs/latest", "/api/jobs/latest");
    assert_route("GET", "/api/jobs/7/rows/last", "/api/jobs/:jobId/rows/last");
    assert_route("GET", "/api/jobs/7/rows/9", "/api/:kind/:id/rows/:row");
}

static void a_literal_of_another_method_does_not_hide_a_parameter(void **state)
{
    (void)state;
    assert_route("GET", "/api/jobs/search", "/api/jobs/:jobId");
    assert_route("POST", "/api/jobs/search", "/api/jobs/search");
}

static void parameters_come_raw_and_in_pattern_order(void **state)
{
    struct web_match match = find("GET", "/api/a%2Fb/2/rows/3");

    (void)state;
    assert_int_equal(match.param_count, 3);
    assert_true(str_is(match.params[0], "a%2Fb"));
    assert_true(str_is(match.params[1], "2"));
    assert_true(str_is(match.params[2], "3"));
}

static void an_unknown_path_has_no_methods(void **state)
{
    const char *const unknown[] = {"",
                                   "api",
                                   "/api",
                                   "/api/jobs/",
                                   "/api/jobs/1/",
                                   "//api/jobs",
                                   "/api/jobs//",
                                   "/API/jobs",
                                   "*",
                                   "http://host/api/jobs",
                                   "/api/jobs/1/rows/last/more",
                                   "/api//1/rows/1"};

    (void)state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_no_route("GET", unknown[i], "");
    }
}

static void a_known_path_tells_its_methods(void **state)
{
    (void)state;
    assert_no_route("PUT", "/api/jobs", "POST, GET, HEAD");
    assert_no_route("PUT", "/api/jobs/1", "GET, HEAD, DELETE");
    assert_no_route("PUT", "/api/jobs/search", "GET, HEAD, DELETE, POST");
    assert_no_route("get", "/all", "PATCH, PUT, OPTIONS, GET, HEAD, POST, DELETE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_route),
        cmocka_unit_test(the_method_chooses_between_routes_of_one_path),
        cmocka_unit_test(head_takes_the_route_of_get),
        cmocka_unit_test(a_literal_segment_wins_over_a_parameter),
        cmocka_unit_test(a_literal_of_another_method_does_not_hide_a_parameter),
        cmocka_unit_test(parameters_come_raw_and_in_pattern_order),
        cmocka_unit_test(an_unknown_path_has_no_methods),
        cmocka_unit_test(a_known_path_tells_its_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
