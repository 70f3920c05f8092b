#pragma once

#include "store/store.h"

/*
 * Collection `import_sources` (docs/DATA.md). A body is what a partner sent, already checked by
 * settings_check_source: its known fields are stored, others are not. Error kinds as in store.h.
 * Documents handed out belong to the caller.
 */

/* Stores a new source under the body's source_id; *out is the stored document. ERR_CONFLICT when
 * the id is taken. */
bool sources_insert(struct store_session *session, const char *tenant, const bson_t *body,
                    bson_t **out, struct err *err) MUST_USE;

/* What a replacement is made of: the id of the address wins over one in the body. */
struct source_key {
    const char *tenant;
    const char *source_id;
};

/* Replaces a source and keeps its created_at; *out is the stored document. ERR_NOT_FOUND. */
bool sources_replace(struct store_session *session, const struct source_key *key,
                     const bson_t *body, bson_t **out, struct err *err) MUST_USE;

/* ERR_NOT_FOUND. */
bool sources_get(struct store_session *session, const struct source_key *key, bson_t **out,
                 struct err *err) MUST_USE;

/* ERR_NOT_FOUND. */
bool sources_delete(struct store_session *session, const struct source_key *key,
                    struct err *err) MUST_USE;

/* Calls `each` for the tenant's sources in order of their ids. */
bool sources_list(struct store_session *session, const char *tenant, store_each_fn each, void *ctx,
                  struct err *err) MUST_USE;
