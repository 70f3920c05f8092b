#include "command.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "blob/blob.h"
#include "domain/array.h"
#include "store/tenants.h"

#include <stdio.h>
#include <string.h>

enum { LANES_MAX = 64 };

/* The options; NULL where one is not given. */
struct tenant {
    const char *id;
    const char *name;
    const char *languages;
    const char *default_language;
    const char *search_languages;
    const char *channel;
    const char *lanes;
    const char *legal_info_checks;
    const char *store;
    const char *limits;
};

/* What may stand in --limits and in the tenant's `limits`. */
static const struct {
    const char *name;
    int64_t max;
} limits[] = {
    {"requests_per_second", 1000000},
    {"burst", 1000000},
    {"concurrent_jobs", 1000000},
    {"bytes_in_flight", 17179869184},
};

enum { LIMITS = sizeof(limits) / sizeof(limits[0]) };

#define S3_PREFIX "s3:"

/* The bucket of "s3:BUCKET"; NULL for anything else. */
static const char *bucket_of(const char *store)
{
    size_t n = strlen(S3_PREFIX);

    return strncmp(store, S3_PREFIX, n) == 0 && blob_is_bucket(store + n) ? store + n : NULL;
}

static bool is_store(const char *store)
{
    return strcmp(store, "gridfs") == 0 || strcmp(store, "none") == 0 || bucket_of(store);
}

/* A tenant's id stands in names of search indexes, so it keeps to what is allowed there. */
static bool is_tenant_id(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n < AUTH_TENANT_SIZE && !strchr("-_", id[0]) &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool is_language(const char *text, size_t n)
{
    return n == 2 && text[0] >= 'a' && text[0] <= 'z' && text[1] >= 'a' && text[1] <= 'z';
}

/* Whether `list` ("it,en") holds the language. */
static bool has_language(const char *list, const char *language, size_t n)
{
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, ",");

        if (length == n && strncmp(word, language, n) == 0) {
            return true;
        }
        word += length + (word[length] != '\0');
    }
    return false;
}

/* The first word of the list that is no language of `among`; NULL when all are. */
static const char *stray_language(const char *list, const char *among)
{
    for (const char *word = list; *word;) {
        size_t n = strcspn(word, ",");

        if (!is_language(word, n) || !has_language(among, word, n)) {
            return word;
        }
        word += n + (word[n] != '\0');
    }
    return NULL;
}

static bool read_lanes(const char *text, int64_t *out)
{
    return command_read_number(text, 1, LANES_MAX, out);
}

/* Appends the limits of "burst=5,concurrent_jobs=2"; false when one is unknown or out of range. */
static bool read_limits(const char *list, bson_t *out)
{
    for (const char *word = list; *word;) {
        size_t n = strcspn(word, ",");
        char text[64];
        int64_t value = 0;
        size_t i = 0;

        snprintf(text, sizeof(text), "%.*s", (int)n, word);
        char *number = text + strcspn(text, "=");
        bool is_assigned = *number == '=';

        *number = '\0';
        while (i < LIMITS && strcmp(limits[i].name, text) != 0) {
            i++;
        }
        if (i == LIMITS || !is_assigned ||
            !command_read_number(number + 1, 1, limits[i].max, &value)) {
            return false;
        }
        bson_append_int64(out, limits[i].name, -1, value);
        word += n + (word[n] != '\0');
    }
    return true;
}

static bool are_limits(const char *list)
{
    AUTO(bson) bson_t *ignored = bson_new();

    return read_limits(list, ignored);
}

static bool is_legal_info_check(const char *text)
{
    return strcmp(text, "strict") == 0 || strcmp(text, "format") == 0;
}

/* What can be said of the options without the tenant that they change. */
static bool check_options(const struct tenant *tenant, struct err *err)
{
    int64_t lanes;

    if (!is_tenant_id(tenant->id)) {
        return err_set(err, ERR_INVALID,
                       "\"%s\": an id is a letter or digit, then a-z, 0-9, - and _, %d at most",
                       tenant->id, AUTH_TENANT_SIZE - 1);
    }
    if (tenant->lanes && !read_lanes(tenant->lanes, &lanes)) {
        return err_set(err, ERR_INVALID, "--lanes takes 1 to %d", LANES_MAX);
    }
    if (tenant->legal_info_checks && !is_legal_info_check(tenant->legal_info_checks)) {
        return err_set(err, ERR_INVALID, "--legal-info-checks takes strict or format");
    }
    if (tenant->store && !is_store(tenant->store)) {
        return err_set(err, ERR_INVALID, "--store takes gridfs, none, or s3: and a bucket's name");
    }
    if (tenant->limits && !are_limits(tenant->limits)) {
        return err_set(err, ERR_INVALID,
                       "--limits takes requests_per_second=N,burst=N,concurrent_jobs=N,"
                       "bytes_in_flight=N, each N at least 1");
    }
    return true;
}

static bool check_languages(const struct tenant *tenant, struct err *err)
{
    const char *stray = stray_language(tenant->languages, tenant->languages);

    if (stray || !*tenant->languages) {
        return err_set(err, ERR_INVALID, "--languages takes codes of two letters: it,en");
    }
    if (!has_language(tenant->languages, tenant->default_language,
                      strlen(tenant->default_language))) {
        return err_set(err, ERR_INVALID, "--default-language must be one of --languages");
    }
    if (stray_language(tenant->search_languages, tenant->languages)) {
        return err_set(err, ERR_INVALID, "--search-languages must be among --languages");
    }
    return true;
}

/* ---- what is not given ---- */

static void set_default(const char **text, const char *value)
{
    if (!*text) {
        *text = value;
    }
}

static bool complete_new(struct tenant *tenant, struct err *err)
{
    if (!tenant->name || !tenant->languages || !tenant->default_language || !tenant->channel) {
        return err_set(err, ERR_INVALID,
                       "there is no tenant %s yet: a new one needs --name, --languages, "
                       "--default-language and --channel",
                       tenant->id);
    }
    set_default(&tenant->search_languages, "");
    set_default(&tenant->lanes, "1");
    set_default(&tenant->legal_info_checks, "format");
    set_default(&tenant->store, "gridfs");
    set_default(&tenant->limits, "");
    return true;
}

/* "it,en" for ["it", "en"]; lives in `out`. */
static const char *stored_words(const bson_t *stored, const char *name, struct buf *out)
{
    bson_iter_t array;
    bson_iter_t item;

    if (bson_iter_init_find(&array, stored, name) && bson_iter_recurse(&array, &item)) {
        while (bson_iter_next(&item)) {
            buf_printf(out, "%s%s", out->len ? "," : "", bson_iter_utf8(&item, NULL));
        }
    }
    return out->len ? out->data : "";
}

/* The languages must fit each other, so those that stay are needed, too. */
static void complete_languages(struct tenant *tenant, const bson_t *stored, struct buf *languages,
                               struct buf *search_languages)
{
    bson_iter_t iter;

    set_default(&tenant->languages, stored_words(stored, "languages", languages));
    set_default(&tenant->search_languages,
                stored_words(stored, "search_languages", search_languages));
    if (bson_iter_init_find(&iter, stored, "default_language")) {
        set_default(&tenant->default_language, bson_iter_utf8(&iter, NULL));
    }
}

/* ---- the document ---- */

static void append_text(bson_t *document, const char *name, const char *text)
{
    if (text) {
        BSON_APPEND_UTF8(document, name, text);
    }
}

static void append_words(bson_t *document, const char *name, const char *list)
{
    struct array array;

    array_begin(document, name, &array);
    for (const char *word = list; *word;) {
        size_t n = strcspn(word, ",");

        array_add_text(&array, (struct str){word, n});
        word += n + (word[n] != '\0');
    }
    array_end(&array);
}

/* What blob_store_of_tenant reads. */
static void append_store(bson_t *document, const char *store)
{
    const char *bucket = bucket_of(store);
    bson_t inner;

    if (strcmp(store, "none") == 0) {
        BSON_APPEND_NULL(document, "store");
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(document, "store", &inner);
    BSON_APPEND_UTF8(&inner, "type", bucket ? "s3" : "gridfs");
    if (bucket) {
        BSON_APPEND_UTF8(&inner, "bucket", bucket);
    }
    bson_append_document_end(document, &inner);
}

static void append_limits(bson_t *document, const char *list)
{
    bson_t inner;

    BSON_APPEND_DOCUMENT_BEGIN(document, "limits", &inner);
    (void)read_limits(list, &inner);
    bson_append_document_end(document, &inner);
}

/* Only what is given or needed. */
static bson_t *tenant_document(const struct tenant *tenant)
{
    int64_t lanes = 1;
    bson_t *document = BCON_NEW("_id", BCON_UTF8(tenant->id));

    append_text(document, "name", tenant->name);
    append_text(document, "default_language", tenant->default_language);
    append_text(document, "default_channel", tenant->channel);
    append_text(document, "legal_info_checks", tenant->legal_info_checks);
    append_words(document, "languages", tenant->languages);
    append_words(document, "search_languages", tenant->search_languages);
    if (tenant->store) {
        append_store(document, tenant->store);
    }
    if (tenant->limits) {
        append_limits(document, tenant->limits);
    }
    if (tenant->lanes && read_lanes(tenant->lanes, &lanes)) {
        BSON_APPEND_INT64(document, "lanes", lanes);
    }
    return document;
}

static bool put_tenant(struct store_session *session, void *ctx, struct err *err)
{
    struct tenant *tenant = ctx;
    AUTO(bson) bson_t *stored = NULL;
    AUTO(buf) struct buf languages = {0};
    AUTO(buf) struct buf search_languages = {0};

    if (tenants_get(session, tenant->id, &stored, err)) {
        complete_languages(tenant, stored, &languages, &search_languages);
    } else if (err->kind != ERR_NOT_FOUND || !complete_new(tenant, err)) {
        return false;
    }
    if (!check_languages(tenant, err)) {
        return false;
    }
    AUTO(bson) bson_t *document = tenant_document(tenant);

    return tenants_put(session, document, err);
}

enum status run_tenant_put(const struct config *config, const struct command *command, int argc,
                           char **argv)
{
    struct tenant tenant = {0};
    const struct option_spec specs[] = {
        {.name = "name", .text = &tenant.name},
        {.name = "languages", .text = &tenant.languages},
        {.name = "default-language", .text = &tenant.default_language},
        {.name = "search-languages", .text = &tenant.search_languages},
        {.name = "channel", .text = &tenant.channel},
        {.name = "lanes", .text = &tenant.lanes},
        {.name = "legal-info-checks", .text = &tenant.legal_info_checks},
        {.name = "store", .text = &tenant.store},
        {.name = "limits", .text = &tenant.limits},
        {0},
    };
    struct err err;

    if (!command_read_options(command, argc, argv, specs, &tenant.id)) {
        return STATUS_USAGE;
    }
    if (!check_options(&tenant, &err)) {
        return command_misused(command, "%s", err.msg);
    }
    return command_use_database(config, put_tenant, &tenant, &err) ? STATUS_OK
                                                                   : command_failed(command, &err);
}
