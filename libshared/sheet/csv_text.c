#include "sheet/csv_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    SAMPLE_BYTES = 64 * 1024,
    DEFAULT_READ_BYTES = 64 * 1024,
    LONGEST_CHARACTER = 4,
};

void csv_text_init(struct csv_text *text, int fd, size_t read_bytes)
{
    size_t capacity = read_bytes ? read_bytes : DEFAULT_READ_BYTES;

    *text = (struct csv_text){.fd = fd};
    text->byte_capacity = capacity < LONGEST_CHARACTER ? LONGEST_CHARACTER : capacity;
    text->bytes = mem_alloc(text->byte_capacity);
}

void csv_text_done(struct csv_text *text)
{
    mem_free(text->bytes);
    buf_done(&text->text);
}

/* Fills up to `size` bytes; fewer only at the end of the file. */
static bool read_at(int fd, uint64_t offset, struct str *into, size_t size, struct err *err)
{
    char *p = (char *)into->p;

    while (into->n < size) {
        ssize_t n = pread(fd, p + into->n, size - into->n, (off_t)(offset + into->n));

        if (n < 0 && errno != EINTR) {
            return err_set(err, ERR_INTERNAL, "cannot read the file: %s", strerror(errno));
        }
        if (n == 0) {
            break;
        }
        into->n += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool csv_text_probe(struct csv_text *text, struct buf *sample, bool *has_bom, struct err *err)
{
    AUTO(char) char *bytes = mem_alloc(SAMPLE_BYTES);
    struct str head = {bytes, 0};
    struct decoder decoder;
    size_t bom_bytes;

    if (!read_at(text->fd, 0, &head, SAMPLE_BYTES, err)) {
        return false;
    }
    text->decoder = decoder_for(head, &bom_bytes);
    text->offset = bom_bytes;
    *has_bom = bom_bytes > 0;
    decoder = text->decoder;
    decode(&decoder, (struct str){head.p + bom_bytes, head.n - bom_bytes}, false, sample);
    return true;
}

static void drop_taken(struct csv_text *text)
{
    struct buf *all = &text->text;

    if (text->taken > 0) {
        all->len -= text->taken;
        memmove(all->data, all->data + text->taken, all->len);
        all->data[all->len] = '\0';
        text->taken = 0;
    }
}

/* Reads and decodes more behind what was not handed out yet. */
static bool refill(struct csv_text *text, struct err *err)
{
    struct str bytes = {text->bytes + text->byte_count, 0};
    size_t room = text->byte_capacity - text->byte_count;
    size_t used;

    if (!read_at(text->fd, text->offset, &bytes, room, err)) {
        return false;
    }
    text->offset += bytes.n;
    text->byte_count += bytes.n;
    text->is_at_end = bytes.n < room;
    drop_taken(text);
    used = decode(&text->decoder, (struct str){text->bytes, text->byte_count}, text->is_at_end,
                  &text->text);
    text->byte_count -= used;
    memmove(text->bytes, text->bytes + used, text->byte_count);
    return true;
}

static bool has_more(const struct csv_text *text)
{
    return !text->is_at_end && text->decoder.flaw == DECODE_OK;
}

/* Whether the text in memory can be handed out: something that is not the first half of CR LF. */
static bool is_ready(const struct csv_text *text)
{
    size_t left = text->text.len - text->taken;

    return left > 1 || (left == 1 && text->text.data[text->taken] != '\r');
}

bool csv_text_next(struct csv_text *text, struct str *piece, bool *ends_line, struct err *err)
{
    const char *p;
    size_t n;

    while (!is_ready(text) && has_more(text)) {
        if (!refill(text, err)) {
            return false;
        }
    }
    *piece = (struct str){"", 0};
    *ends_line = false;
    if (text->taken == text->text.len) {
        return true;
    }
    p = text->text.data + text->taken;
    n = strcspn(p, "\r\n"); /* the decoder lets no zero byte pass */
    if (p[n] == '\n') {
        n += 1;
        *ends_line = true;
    } else if (p[n] == '\r' && (p[n + 1] != '\0' || !has_more(text))) {
        n += p[n + 1] == '\n' ? 2 : 1;
        *ends_line = true;
    }
    *piece = (struct str){p, n};
    text->taken += n;
    return true;
}
