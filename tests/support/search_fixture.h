#pragma once

#include "search/search.h"

/* For tests against a real OpenSearch (SEARCH_URL) whose indexes have the prefix test_unique. */

/* Makes what was indexed so far visible to queries at once (otherwise within a second). */
void search_fixture_refresh(struct search *search, const char *entity, const char *tenant);

/* How many documents a query without conditions finds, after a refresh. */
int64_t search_fixture_count(struct search *search, const char *entity, const char *tenant);

/* Removes the indexes of this run and their template: a server has room for a thousand. */
void search_fixture_sweep(struct search *search);
