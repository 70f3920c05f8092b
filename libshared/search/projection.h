#pragma once

#include <bson/bson.h>

/*
 * From a current document to the small document that is searched. Pure. Takes only the fields the
 * mapping knows, in the types it knows: whatever a partner put into a field, the result never
 * breaks the mapping. The caller destroys it.
 */
bson_t *projection_new(const char *entity, const bson_t *document);
