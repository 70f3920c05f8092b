#include "crash_points.h"

#include "search/search.h"

CRASH_POINTS(bool, search_bulk_index,
             (struct search * search, const struct search_document *documents, size_t count,
              struct search_result *results, struct err *err),
             (search, documents, count, results, err))
