#include "support/search_fixture.h"

#include "search/search_internal.h"
#include "support/test.h"

#include <stdio.h>

static void ask(struct search *search, const char *method, const char *path)
{
    AUTO(buf) struct buf answer = {0};
    struct err err;

    assert_ok(search_http_send(search, &(struct search_request){.method = method, .path = path},
                               &answer, &err),
              &err);
}

void search_fixture_refresh(struct search *search, const char *entity, const char *tenant)
{
    char index[SEARCH_INDEX_SIZE];
    char path[SEARCH_INDEX_SIZE + 16];
    struct err err;

    assert_ok(search_index_name(search, entity, tenant, index, &err), &err);
    snprintf(path, sizeof(path), "/%s/_refresh", index);
    ask(search, "POST", path);
}

int64_t search_fixture_count(struct search *search, const char *entity, const char *tenant)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct search_query everything = {.entity = entity, .tenant = tenant, .limit = 1};
    struct search_hits hits;
    struct err err;

    search_fixture_refresh(search, entity, tenant);
    assert_ok(search_find(search, arena, &everything, &hits, &err), &err);
    return hits.total;
}

void search_fixture_sweep(struct search *search)
{
    char path[64];

    snprintf(path, sizeof(path), "/%s-*", test_unique());
    ask(search, "DELETE", path);
    snprintf(path, sizeof(path), "/_index_template/%s", test_unique());
    ask(search, "DELETE", path);
}
