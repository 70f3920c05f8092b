#include "search/languages.h"

const struct search_language search_languages[SEARCH_LANGUAGES] = {
    {"it", "italian"}, {"en", "english"},    {"de", "german"}, {"fr", "french"},
    {"es", "spanish"}, {"pt", "portuguese"}, {"nl", "dutch"},  {"other", "standard"},
};
