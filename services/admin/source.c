#include "command.h"

#include "base/buf.h"
#include "domain/settings.h"
#include "json/json.h"
#include "store/sources.h"

enum { BODY_MAX = 1024 * 1024, PARSER_PADDING = 64 };

struct source {
    const char *tenant;
    bool if_missing;
    const bson_t *body;
};

static bool read_body(struct buf *out, struct err *err)
{
    static const char padding[PARSER_PADDING];

    if (!command_read_input(out, BODY_MAX, err)) {
        return false;
    }
    buf_add(out, padding, sizeof(padding));
    out->len -= sizeof(padding);
    return true;
}

static bool parse_source(struct arena *arena, const struct buf *text, const bson_t **out,
                         struct err *err)
{
    static const struct json_limits limits = {
        .max_depth = 32, .max_keys = 1000, .max_row_bytes = BODY_MAX, .max_rows = 1};
    struct json_fault fault;

    if (!json_read_object((struct str){text->data, text->len}, &limits, arena, out, &fault)) {
        return err_set(err, ERR_INVALID, "%s at byte %lld%s%s", fault.code, (long long)fault.offset,
                       fault.detail[0] ? ": " : "", fault.detail);
    }
    return settings_check_source(*out, err);
}

static bool replace(struct store_session *session, const struct source *source, struct err *err)
{
    AUTO(bson) bson_t *stored = NULL;
    bson_iter_t id;

    bson_iter_init_find(&id, source->body, "source_id");
    struct source_key key = {source->tenant, bson_iter_utf8(&id, NULL)};

    return sources_replace(session, &key, source->body, &stored, err);
}

static bool put_source(struct store_session *session, void *ctx, struct err *err)
{
    const struct source *source = ctx;
    AUTO(bson) bson_t *stored = NULL;

    if (!command_find_tenant(session, source->tenant, err)) {
        return false;
    }
    if (sources_insert(session, source->tenant, source->body, &stored, err)) {
        return true;
    }
    if (err->kind != ERR_CONFLICT) {
        return false;
    }
    return source->if_missing || replace(session, source, err);
}

enum status run_source_put(const struct config *config, const struct command *command, int argc,
                           char **argv)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf text = {0};
    struct source source = {0};
    const struct option_spec specs[] = {
        {.name = "tenant", .text = &source.tenant, .is_required = true},
        {.name = "if-missing", .flag = &source.if_missing},
        {0},
    };
    struct err err;

    if (!command_read_options(command, argc, argv, specs, NULL)) {
        return STATUS_USAGE;
    }
    if (!read_body(&text, &err) || !parse_source(arena, &text, &source.body, &err) ||
        !command_use_database(config, put_source, &source, &err)) {
        return command_failed(command, &err);
    }
    return STATUS_OK;
}
