#pragma once

/* The languages whose word forms the index knows. A text in another one goes to the last field. */
struct search_language {
    const char *field; /* ISO 639-1 code, also the key in the partner's multilingual text */
    const char *analyzer;
};

enum { SEARCH_LANGUAGES = 8 };

extern const struct search_language search_languages[SEARCH_LANGUAGES];
