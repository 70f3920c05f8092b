#pragma once

#include "store/store.h"

/* Collection `tenants`: the settings of a tenant (docs/DATA.md). Error kinds as in store.h. */

/* ERR_NOT_FOUND for an unknown tenant. The caller destroys *out. */
bool tenants_get(struct store_session *session, const char *tenant, bson_t **out,
                 struct err *err) MUST_USE;

/* Creates the tenant whose `_id` stands in the document, or sets these fields of it. */
bool tenants_put(struct store_session *session, const bson_t *document, struct err *err) MUST_USE;
