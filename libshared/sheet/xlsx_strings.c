#include "sheet/xlsx_strings.h"

#include "sheet/xlsx_text.h"
#include "sheet/xlsx_xml.h"

#include <errno.h>
#include <unistd.h>

enum {
    MEMORY_BYTES = 32 * 1024 * 1024,
    MAX_STRINGS = 8 * 1024 * 1024,
    FIRST_CAPACITY = 1024,
    WRITE_BYTES = 64 * 1024,
};

struct xlsx_strings {
    const char *part;
    struct buf memory;
    int scratch_fd;     /* what does not fit */
    uint64_t spilled;   /* bytes in it */
    struct buf pending; /* for it */
    uint64_t *ends;     /* of each string, counted over memory and file together */
    size_t count;
    size_t capacity;
    struct buf loaded; /* a string out of the file */
    struct xlsx_text text;
    unsigned depth;
};

static bool write_pending(struct xlsx_strings *strings, struct err *err)
{
    struct str left = {strings->pending.data, strings->pending.len};

    while (left.n > 0) {
        ssize_t n = pwrite(strings->scratch_fd, left.p, left.n, (off_t)strings->spilled);

        if (n < 0 && errno != EINTR) {
            return err_set(err, ERR_UNAVAILABLE, "cannot write a temporary file: %s",
                           strerror(errno));
        }
        if (n > 0) {
            left = (struct str){left.p + n, left.n - (size_t)n};
            strings->spilled += (uint64_t)n;
        }
    }
    buf_clear(&strings->pending);
    return true;
}

static bool spill(struct xlsx_strings *strings, struct str text, struct err *err)
{
    buf_add(&strings->pending, text.p, text.n);
    return strings->pending.len < WRITE_BYTES || write_pending(strings, err);
}

static bool add_string(struct xlsx_strings *strings, struct str text, struct sheet_fault *fault,
                       struct err *err)
{
    uint64_t start = strings->count > 0 ? strings->ends[strings->count - 1] : 0;

    if (strings->count == MAX_STRINGS) {
        return xlsx_damaged(fault, err, strings->part, "has more texts than can be read");
    }
    if (strings->count == strings->capacity) {
        strings->capacity = strings->capacity ? 2 * strings->capacity : FIRST_CAPACITY;
        strings->ends = mem_realloc(strings->ends, strings->capacity * sizeof(*strings->ends));
    }
    if (strings->spilled + strings->pending.len == 0 &&
        strings->memory.len + text.n <= MEMORY_BYTES) {
        buf_add(&strings->memory, text.p, text.n);
    } else if (!spill(strings, text, err)) {
        return false;
    }
    strings->ends[strings->count++] = start + text.n;
    return true;
}

/* <sst><si> are levels 0 and 1. */
static bool on_start(void *ctx, const char *name, const char **attributes,
                     struct sheet_fault *fault, struct err *err)
{
    struct xlsx_strings *strings = ctx;
    unsigned level = strings->depth++;

    (void)attributes;
    if (level == 0) {
        return strcmp(name, "sst") == 0 ||
               xlsx_damaged(fault, err, strings->part, "is no table of shared strings");
    }
    if (level == 1) {
        xlsx_text_begin(&strings->text);
    } else {
        xlsx_text_start(&strings->text, name);
    }
    return true;
}

static bool on_end(void *ctx, const char *name, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_strings *strings = ctx;

    if (--strings->depth > 1) {
        xlsx_text_end(&strings->text, name);
        return true;
    }
    return strings->depth != 1 || strcmp(name, "si") != 0 ||
           add_string(strings, xlsx_text_take(&strings->text), fault, err);
}

static bool on_text(void *ctx, struct str text, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_strings *strings = ctx;

    (void)fault;
    (void)err;
    xlsx_text_add(&strings->text, text);
    return true;
}

bool xlsx_strings_read(struct xlsx_package *package, const char *part, const struct sheet *sheet,
                       struct xlsx_strings **out, struct sheet_fault *fault, struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, on_text};
    AUTO(xlsx_strings) struct xlsx_strings *strings = mem_calloc(1, sizeof(*strings));

    strings->part = part;
    strings->scratch_fd = sheet->scratch_fd;
    strings->text.limit = sheet->options.limits.cell_bytes;
    if (!xlsx_xml_read_all(package, part, &events, strings, fault, err) ||
        !write_pending(strings, err)) {
        return false;
    }
    *out = STEAL(strings);
    return true;
}

void xlsx_strings_free(struct xlsx_strings *strings)
{
    if (!strings) {
        return;
    }
    buf_done(&strings->memory);
    buf_done(&strings->pending);
    buf_done(&strings->loaded);
    xlsx_text_done(&strings->text);
    mem_free(strings->ends);
    mem_free(strings);
}

size_t xlsx_strings_count(const struct xlsx_strings *strings)
{
    return strings ? strings->count : 0;
}

static bool load(struct xlsx_strings *strings, uint64_t at, size_t n, struct err *err)
{
    static const char zeros[4096];

    buf_clear(&strings->loaded);
    while (strings->loaded.len < n) {
        size_t left = n - strings->loaded.len;

        buf_add(&strings->loaded, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
    }
    return pread(strings->scratch_fd, strings->loaded.data, n, (off_t)at) == (ssize_t)n ||
           err_set(err, ERR_UNAVAILABLE, "cannot read a temporary file: %s", strerror(errno));
}

bool xlsx_strings_get(struct xlsx_strings *strings, size_t index, struct str *out, struct err *err)
{
    uint64_t start = index > 0 ? strings->ends[index - 1] : 0;
    size_t n = (size_t)(strings->ends[index] - start);

    if (n == 0) {
        *out = STR("");
        return true;
    }
    if (start < strings->memory.len) {
        *out = (struct str){strings->memory.data + start, n};
        return true;
    }
    if (!load(strings, start - strings->memory.len, n, err)) {
        return false;
    }
    *out = (struct str){strings->loaded.data, n};
    return true;
}
