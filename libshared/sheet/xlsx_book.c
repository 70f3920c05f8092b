#include "sheet/xlsx_book.h"

#include "sheet/xlsx_xml.h"

enum { MAX_RELATIONS = 10000 };

struct relation {
    struct relation *next;
    const char *id;
    const char *type; /* its last word: "worksheet" */
    const char *part;
};

/* The relations of one part to others. */
struct relations {
    struct arena *arena;
    const char *part; /* the .rels itself */
    const char *folder;
    size_t folder_bytes;
    struct relation *first;
    size_t count;
};

struct book_reader {
    const struct relations *relations;
    struct xlsx_book *book;
    bool is_workbook; /* its root was seen */
};

/* The part that a target names: from the root when it begins with '/', else from the folder; "."
 * and
 * ".." steps are walked. */
static const char *resolve(const struct relations *relations, const char *target)
{
    const char *folder = relations->folder;
    char *path = target[0] == '/' ? arena_strdup(relations->arena, target + 1)
                                  : arena_printf(relations->arena, "%.*s%s",
                                                 (int)relations->folder_bytes, folder, target);
    char *out = path;

    for (const char *step = path; *step;) {
        size_t n = strcspn(step, "/");
        bool is_last = step[n] == '\0';

        if (n == 2 && memcmp(step, "..", 2) == 0) {
            out -= out > path; /* the '/' of the step before */
            while (out > path && out[-1] != '/') {
                out--;
            }
        } else if (!(n == 1 && *step == '.')) {
            memmove(out, step, n + !is_last);
            out += n + !is_last;
        }
        step += n + !is_last;
    }
    *out = '\0';
    return path;
}

static bool on_relation(void *ctx, const char *name, const char **attributes,
                        struct sheet_fault *fault, struct err *err)
{
    struct relations *relations = ctx;
    const char *id = xlsx_attribute(attributes, "Id");
    const char *type = xlsx_attribute(attributes, "Type");
    const char *target = xlsx_attribute(attributes, "Target");
    const char *mode = xlsx_attribute(attributes, "TargetMode");

    if (strcmp(name, "Relationship") != 0 || !id || !type || !target ||
        (mode && strcmp(mode, "External") == 0)) {
        return true;
    }
    if (++relations->count > MAX_RELATIONS) {
        return xlsx_damaged(fault, err, relations->part, "has more entries than a workbook needs");
    }
    const char *slash = strrchr(type, '/');
    struct relation *relation = arena_alloc(relations->arena, sizeof(*relation));

    *relation = (struct relation){
        .next = relations->first,
        .id = arena_strdup(relations->arena, id),
        .type = arena_strdup(relations->arena, slash ? slash + 1 : type),
        .part = resolve(relations, target),
    };
    relations->first = relation;
    return true;
}

static bool on_end(void *ctx, const char *name, struct sheet_fault *fault, struct err *err)
{
    (void)ctx;
    (void)name;
    (void)fault;
    (void)err;
    return true;
}

/* The relations of `of`, or of the whole package when that is "". */
static bool read_relations(struct xlsx_package *package, const char *of,
                           struct relations *relations, struct sheet_fault *fault, struct err *err)
{
    static const struct xlsx_events events = {on_relation, on_end, NULL};
    const char *slash = strrchr(of, '/');
    const char *base = slash ? slash + 1 : of;

    relations->folder = of;
    relations->folder_bytes = (size_t)(base - of);
    relations->part =
        arena_printf(relations->arena, "%.*s_rels/%s.rels", (int)relations->folder_bytes, of, base);
    return xlsx_xml_read_all(package, relations->part, &events, relations, fault, err);
}

static const char *part_of_type(const struct relations *relations, const char *type)
{
    const char *part = NULL;

    for (const struct relation *r = relations->first; r; r = r->next) {
        part = strcmp(r->type, type) == 0 ? r->part : part;
    }
    return part;
}

static const char *sheet_of_id(const struct relations *relations, const char *id)
{
    for (const struct relation *r = relations->first; r; r = r->next) {
        if (strcmp(r->id, id) == 0 && strcmp(r->type, "worksheet") == 0) {
            return r->part;
        }
    }
    return NULL;
}

static bool is_true(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

static bool refuse_other_archive(struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {"XLSX_NOT_A_WORKBOOK",
                                           "Save the table as .xlsx or as CSV and send that file."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                        "The file is a ZIP archive, but not an Excel workbook (.xlsx).");
}

static bool on_workbook(void *ctx, const char *name, const char **attributes,
                        struct sheet_fault *fault, struct err *err)
{
    struct book_reader *reader = ctx;
    struct xlsx_book *book = reader->book;

    if (!reader->is_workbook) {
        reader->is_workbook = strcmp(name, "workbook") == 0;
        return reader->is_workbook || refuse_other_archive(fault, err);
    }
    if (strcmp(name, "workbookPr") == 0) {
        book->is_1904 = is_true(xlsx_attribute(attributes, "date1904"));
    } else if (strcmp(name, "sheet") == 0 && !book->sheet) {
        const char *state = xlsx_attribute(attributes, "state");
        const char *id = xlsx_attribute(attributes, "id");

        if (id && (!state || strcmp(state, "visible") == 0)) {
            book->sheet = sheet_of_id(reader->relations, id);
        }
    }
    return true;
}

/* The part with the workbook. */
static bool find_workbook(struct xlsx_package *package, struct arena *arena, const char **out,
                          struct sheet_fault *fault, struct err *err)
{
    struct relations relations = {.arena = arena};

    if (!xlsx_package_has(package, "_rels/.rels")) {
        return refuse_other_archive(fault, err);
    }
    if (!read_relations(package, "", &relations, fault, err)) {
        return false;
    }
    *out = part_of_type(&relations, "officeDocument");
    return *out || refuse_other_archive(fault, err);
}

bool xlsx_book_read(struct xlsx_package *package, struct arena *arena, struct xlsx_book *out,
                    struct sheet_fault *fault, struct err *err)
{
    static const struct xlsx_events events = {on_workbook, on_end, NULL};
    static const struct sheet_flaw no_sheet = {
        "XLSX_NO_SHEET", "Put the table into the first sheet of the workbook and show it."};
    struct relations relations = {.arena = arena};
    struct book_reader reader = {.relations = &relations, .book = out};
    const char *part = NULL;

    *out = (struct xlsx_book){0};
    if (!find_workbook(package, arena, &part, fault, err) ||
        !read_relations(package, part, &relations, fault, err) ||
        !xlsx_xml_read_all(package, part, &events, &reader, fault, err)) {
        return false;
    }
    out->strings = part_of_type(&relations, "sharedStrings");
    out->styles = part_of_type(&relations, "styles");
    return out->sheet || sheet_refuse(fault, err, &no_sheet, (struct sheet_place){0},
                                      "The workbook has no visible sheet with cells.");
}
