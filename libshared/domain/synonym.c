#include "domain/synonym.h"

#include "base/id.h"
#include "domain/array.h"

#include <string.h>

enum { LATIN_FIRST = 0xC0, LATIN_LAST = 0x17F };

/* U+00C0 to U+017F without case and accents. Capitals stand for two letters, see latin_pair; a
 * blank parts words. */
static const char LATIN[] =
    "aaaaaaAceeeeiiiidnooooo ouuuuyTS"
    "aaaaaaAceeeeiiiidnooooo ouuuuyTy"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiIIjjkkq"
    "llllllllllnnnnnnnnnooooooOOrrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

_Static_assert(sizeof(LATIN) - 1 == LATIN_LAST - LATIN_FIRST + 1, "one letter for each");

static const char *latin_pair(char letter)
{
    switch (letter) {
    case 'A':
        return "ae";
    case 'I':
        return "ij";
    case 'O':
        return "oe";
    case 'S':
        return "ss";
    case 'T':
        return "th";
    default:
        return NULL;
    }
}

static bool is_between(bson_unichar_t c, bson_unichar_t first, bson_unichar_t last)
{
    return c >= first && c <= last;
}

static bool is_ascii_word(bson_unichar_t c)
{
    return is_between(c, 'a', 'z') || is_between(c, 'A', 'Z') || is_between(c, '0', '9');
}

static bool is_separator(bson_unichar_t c)
{
    bool is_ordinal_or_micro = c == 0xAA || c == 0xB5 || c == 0xBA;

    return (c < 0x80 && !is_ascii_word(c)) ||
           (is_between(c, 0x80, LATIN_FIRST - 1) && !is_ordinal_or_micro) || c == 0xD7 ||
           c == 0xF7 || is_between(c, 0x2000, 0x206F) || c == 0x3000;
}

/* An accent of its own, as in decomposed text. */
static bool is_combining(bson_unichar_t c)
{
    return is_between(c, 0x300, 0x36F);
}

static bson_unichar_t lower(bson_unichar_t c)
{
    bool is_capital = is_between(c, 'A', 'Z') || is_between(c, 0x391, 0x3A9) /* Greek */ ||
                      is_between(c, 0x410, 0x42F) /* Cyrillic */;

    return is_capital ? c + 0x20 : is_between(c, 0x400, 0x40F) ? c + 0x50 : c;
}

/* Writes the folded form of a letter or digit: at most as many bytes as it had. */
static size_t fold(bson_unichar_t c, char out[8])
{
    uint32_t n;

    if (is_between(c, LATIN_FIRST, LATIN_LAST)) {
        char letter = LATIN[c - LATIN_FIRST];
        const char *pair = latin_pair(letter);

        out[0] = pair ? pair[0] : letter;
        out[1] = pair ? pair[1] : '\0';
        return pair ? 2 : 1;
    }
    if (is_between(c, 0x218, 0x21B)) { /* Romanian, comma below */
        out[0] = c < 0x21A ? 's' : 't';
        return 1;
    }
    bson_utf8_from_unichar(lower(c), out, &n);
    return n;
}

char *synonym_normalise(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    bool has_gap = false;

    for (const char *p = text.p; p < text.p + text.n; p = bson_utf8_next_char(p)) {
        bson_unichar_t c = bson_utf8_get_char(p);
        char folded[8];

        if (is_separator(c)) {
            has_gap = n > 0;
        } else if (!is_combining(c)) {
            size_t length = fold(c, folded);

            if (has_gap) {
                out[n++] = ' ';
            }
            memcpy(out + n, folded, length);
            n += length;
            has_gap = false;
        }
    }
    out[n] = '\0';
    return out;
}

static size_t count_words(const char *normalised)
{
    size_t words = *normalised != '\0';

    for (const char *p = normalised; *p; p++) {
        words += *p == ' ';
    }
    return words;
}

static bool can_be_met(const char *normalised)
{
    size_t words = count_words(normalised);

    return words > 0 && words <= SYNONYM_MAX_WORDS && strlen(normalised) <= SYNONYM_MAX_BYTES;
}

void synonym_append_lookup(struct arena *arena, const char *tenant, const bson_t *dictionary,
                           bson_t *out)
{
    struct text_list terms = document_texts(arena, dictionary, "terms");
    size_t count = 0;

    for (size_t i = 0; i < terms.count; i++) {
        const char *term = synonym_normalise(arena, str_from(terms.items[i]));

        if (can_be_met(term)) {
            terms.items[count++] = ID_JOIN(arena, tenant, term);
        }
    }
    array_append_texts(out, "lookup", terms.items, count);
}

/* Appends the runs that begin at a word. */
static void add_runs(struct arena *arena, const char *tenant, const char *word,
                     struct text_list *out)
{
    const char *end = word;

    for (size_t words = 0; words < SYNONYM_MAX_WORDS && *end; words++) {
        end += words > 0;
        end += strcspn(end, " ");
        const char *run = arena_strndup(arena, word, (size_t)(end - word));

        out->items[out->count++] = ID_JOIN(arena, tenant, run);
    }
}

struct text_list synonym_query_lookups(struct arena *arena, const char *tenant, struct str query)
{
    struct text_list out = {0};

    if (query.n == 0 || !bson_utf8_validate(query.p, query.n, false)) {
        return out;
    }
    const char *word = synonym_normalise(arena, query);

    out.items =
        arena_calloc(arena, (size_t)SYNONYM_QUERY_WORDS * SYNONYM_MAX_WORDS, sizeof(*out.items));
    for (size_t words = 0; words < SYNONYM_QUERY_WORDS && *word; words++) {
        add_runs(arena, tenant, word, &out);
        word += strcspn(word, " ");
        word += *word == ' ';
    }
    return out;
}
