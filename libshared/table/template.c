#include "table/template.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WANTED = 160 };

struct building {
    struct arena *arena;
    const struct template_options *options;
    struct template_column *columns;
    size_t count;
    size_t cap;
};

static void add(struct building *building, const char *name, const char *wanted)
{
    if (building->count == building->cap) {
        size_t cap = building->cap ? building->cap * 2 : 64;
        struct template_column *columns = arena_calloc(building->arena, cap, sizeof(*columns));

        if (building->count) {
            memcpy(columns, building->columns, building->count * sizeof(*columns));
        }
        building->columns = columns;
        building->cap = cap;
    }
    building->columns[building->count++] = (struct template_column){name, wanted};
}

static const char *spell_values(struct arena *arena, const char *const *values)
{
    char out[MAX_WANTED] = "one of ";

    for (size_t i = 0; values[i]; i++) {
        size_t n = strlen(out);

        snprintf(out + n, sizeof(out) - n, "%s%s", i ? ", " : "", values[i]);
    }
    return arena_strdup(arena, out);
}

static const char *spell_type(const struct building *building, const struct field *field)
{
    switch (field->type) {
    case FIELD_NUMBER:
        return "number";
    case FIELD_PERCENT:
        return "number from 0 to 100";
    case FIELD_BOOLEAN:
        return "true or false";
    case FIELD_DATE:
        return "date (ISO 8601)";
    case FIELD_TEXTS:
    case FIELD_REFERENCES:
        return "list, separated by |";
    case FIELD_REFERENCE:
        return "id";
    default:
        return field->values ? spell_values(building->arena, field->values) : "text";
    }
}

static void add_languages(struct building *building, const char *name, const char *wanted)
{
    const struct text_list *languages = building->options->languages;

    for (size_t i = 0; i < languages->count; i++) {
        add(building, arena_printf(building->arena, "%s.%s", name, languages->items[i]), wanted);
    }
}

static void add_table(struct building *building, const struct field_table *table,
                      const char *prefix, bool is_outer);

static void add_field(struct building *building, const struct field *field, const char *prefix,
                      bool is_outer)
{
    const char *name = arena_printf(building->arena, "%s%s", prefix, field->name);

    switch (field->type) {
    case FIELD_MULTILINGUAL:
        add_languages(building, name, "text");
        break;
    case FIELD_BY_LANGUAGE:
        if (!field->fields) {
            add_languages(building, name, "list, separated by |");
        }
        break;
    case FIELD_OBJECT:
    case FIELD_OBJECTS:
        if (field->fields && is_outer) {
            const char *step = field->type == FIELD_OBJECTS ? "0." : "";

            add_table(building, field->fields, arena_printf(building->arena, "%s.%s", name, step),
                      false);
        }
        break;
    default:
        add(building, name, spell_type(building, field));
    }
}

static bool comes_first(const struct building *building, const char *name)
{
    for (size_t i = 0; building->options->first[i]; i++) {
        if (strcmp(building->options->first[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_nested(const struct field *field)
{
    return field->type == FIELD_OBJECT || field->type == FIELD_OBJECTS;
}

/* Plain fields first, then those with fields inside. */
static void add_table(struct building *building, const struct field_table *table,
                      const char *prefix, bool is_outer)
{
    for (int nested = 0; nested <= 1; nested++) {
        for (size_t i = 0; i < table->count; i++) {
            const struct field *field = &table->fields[i];

            if (is_nested(field) == nested && !(is_outer && comes_first(building, field->name))) {
                add_field(building, field, prefix, is_outer);
            }
        }
    }
}

struct template_column *template_columns(struct arena *arena,
                                         const struct template_options *options, size_t *count)
{
    struct building building = {.arena = arena, .options = options};

    for (size_t i = 0; options->first[i]; i++) {
        const struct field *field = field_find(options->fields, options->first[i]);

        if (field) {
            add_field(&building, field, "", true);
        }
    }
    add_table(&building, options->fields, "", true);
    *count = building.count;
    return building.columns;
}
