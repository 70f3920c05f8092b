#include "search/search_internal.h"

#include "config/config.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

static bool is_index_text(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

bool search_open(const struct config *config, struct search **out, struct err *err)
{
    size_t n = strlen(config->search_url);

    if (!is_index_text(config->search_index_prefix) ||
        strchr("-_", config->search_index_prefix[0])) {
        return err_set(err, ERR_INVALID,
                       "CONSIGN_INDEX_PREFIX=\"%s\": a letter or digit, then a-z, 0-9, _ and -",
                       config->search_index_prefix);
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    struct search *search = mem_calloc(1, sizeof(*search));

    search->url = mem_strdup(config->search_url);
    if (n > 0 && search->url[n - 1] == '/') {
        search->url[n - 1] = '\0';
    }
    search->prefix = mem_strdup(config->search_index_prefix);
    *out = search;
    return true;
}

void search_close(struct search *search)
{
    if (!search) {
        return;
    }
    search_http_close_idle(search);
    mem_free(search->url);
    mem_free(search->prefix);
    mem_free(search);
    curl_global_cleanup();
}

bool search_index_name(const struct search *search, const char *entity, const char *tenant,
                       char out[SEARCH_INDEX_SIZE], struct err *err)
{
    int n = snprintf(out, SEARCH_INDEX_SIZE, "%s-%s-%s", search->prefix, entity, tenant);

    if (!is_index_text(entity) || !is_index_text(tenant) || n < 0 || n >= SEARCH_INDEX_SIZE) {
        return err_set(err, ERR_INVALID, "\"%s\" of tenant \"%s\" cannot be an index name", entity,
                       tenant);
    }
    return true;
}

bool search_answer_parse(struct arena *arena, const struct buf *answer, const bson_t **out,
                         struct err *err)
{
    static const struct json_limits limits = {
        .max_depth = 32,
        .max_keys = 10000,
        .max_row_bytes = BSON_MAX_SIZE,
        .max_rows = SEARCH_MAX_WINDOW,
    };
    struct json_fault fault;

    if (!json_read_object((struct str){answer->data, answer->len}, &limits, arena, out, &fault)) {
        return err_set(err, ERR_INTERNAL, "OpenSearch answers no JSON: %s", fault.detail);
    }
    return true;
}

bool search_ping(struct search *search, struct err *err)
{
    AUTO(buf) struct buf answer = {0};

    return search_http_send(search, &(struct search_request){.method = "GET", .path = "/"}, &answer,
                            err);
}
