#include "base/buf.h"
#include "support/gen.h"
#include "support/test.h"
#include "web/web_multipart.h"

#include <string.h>

enum { ROUNDS = 20000 };

struct form {
    const char *boundary;
    struct web_part parts[WEB_MAX_PARTS];
    size_t count;
};

/* Text of the pieces that a parser stumbles over. */
static struct str gen_text(struct gen *gen, struct arena *arena, const char *const *pieces,
                           size_t count)
{
    AUTO(buf) struct buf text = {0};
    uint64_t n = gen_below(gen, 12);

    for (uint64_t i = 0; i < n; i++) {
        buf_adds(&text, pieces[gen_below(gen, count)]);
    }
    return (struct str){arena_strndup(arena, text.data ? text.data : "", text.len), text.len};
}

#define GEN_TEXT(gen, arena, pieces)                                                               \
    gen_text(gen, arena, pieces, sizeof(pieces) / sizeof(pieces[0]))

static struct form gen_form(struct gen *gen, struct arena *arena)
{
    static const char *const boundaries[] = {"xyz", "-", "--", "a b", "----WebKitFormBoundary7MA4"};
    static const char *const contents[] = {"\r\n",    "--",   "\r",  "\n",
                                           "xyz",     "-",    " ",   "\r\n-",
                                           "\r\n--x", "\xff", "a b", "----WebKitFormBoundary7MA",
                                           "\r\n\r\n"};
    static const char *const names[] = {"a", "\"",       "\\", ";", "=",
                                        " ", "\xc3\xa8", "'",  "*", "name="};
    struct form form = {.boundary = boundaries[gen_below(gen, 5)]};

    form.count = gen_below(gen, WEB_MAX_PARTS + 1);
    for (size_t i = 0; i < form.count; i++) {
        struct web_part *part = &form.parts[i];

        part->name = GEN_TEXT(gen, arena, names);
        part->name = part->name.n ? part->name : STR("empty");
        if (gen_below(gen, 2)) {
            part->file_name = GEN_TEXT(gen, arena, names);
        }
        part->content = GEN_TEXT(gen, arena, contents);
    }
    return form;
}

/* A sender chooses a boundary that its contents do not hold. */
static bool is_proper(const struct form *form, struct arena *arena)
{
    const char *line = arena_printf(arena, "\r\n--%s", form->boundary);

    for (size_t i = 0; i < form->count; i++) {
        const char *content = arena_printf(arena, "\r\n%.*s", (int)form->parts[i].content.n,
                                           form->parts[i].content.p);

        if (memmem(content, form->parts[i].content.n + 2, line, strlen(line))) {
            return false;
        }
    }
    return true;
}

static void write_quoted(struct buf *out, struct str text)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\"\\", text.p[i])) {
            buf_addc(out, '\\');
        }
        buf_addc(out, text.p[i]);
    }
    buf_addc(out, '"');
}

static void write_form(struct buf *out, const struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct web_part *part = &form->parts[i];

        buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=", form->boundary);
        write_quoted(out, part->name);
        if (part->file_name.p) {
            buf_adds(out, "; filename=");
            write_quoted(out, part->file_name);
        }
        buf_adds(out, "\r\n\r\n");
        buf_add(out, part->content.p, part->content.n);
        buf_adds(out, "\r\n");
    }
    buf_printf(out, "--%s--\r\n", form->boundary);
}

static void a_form_that_was_written_is_read_back(void **state)
{
    struct gen gen = gen_new(test_seed());
    int proper = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf body = {0};
        struct form form = gen_form(&gen, arena);
        struct web_multipart multipart;
        struct err err;

        if (!is_proper(&form, arena)) {
            continue;
        }
        proper++;
        write_form(&body, &form);
        const char *type =
            arena_printf(arena, "multipart/form-data; boundary=\"%s\"", form.boundary);

        assert_ok(web_multipart_read(arena, str_from(type), (struct str){body.data, body.len},
                                     &multipart, &err),
                  &err);
        assert_int_equal(multipart.count, form.count);
        for (size_t i = 0; i < form.count; i++) {
            assert_true(str_eq(multipart.parts[i].name, form.parts[i].name));
            assert_true(str_eq(multipart.parts[i].file_name, form.parts[i].file_name));
            assert_true(!multipart.parts[i].file_name.p == !form.parts[i].file_name.p);
            assert_true(str_eq(multipart.parts[i].content, form.parts[i].content));
        }
    }
    assert_true(proper > ROUNDS / 10);
}

static void a_damaged_form_is_refused_or_read_inside_its_bounds(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf body = {0};
        struct form form = gen_form(&gen, arena);
        struct web_multipart multipart;
        struct err err;

        write_form(&body, &form);
        size_t n = gen_below(&gen, body.len + 1);
        /* Of its own, so that a byte read behind it is seen. */
        char *cut = mem_alloc(n ? n : 1);

        memcpy(cut, body.data, n);
        if (n > 0) {
            cut[gen_below(&gen, n)] = (char)gen_below(&gen, 256);
        }
        const char *type =
            arena_printf(arena, "multipart/form-data; boundary=\"%s\"", form.boundary);

        if (web_multipart_read(arena, str_from(type), (struct str){cut, n}, &multipart, &err)) {
            for (size_t i = 0; i < multipart.count; i++) {
                struct str content = multipart.parts[i].content;

                assert_true(content.p >= cut && content.p + content.n <= cut + n);
            }
        } else {
            assert_int_equal(err.kind, ERR_INVALID);
            assert_true(strlen(err.msg) > 0);
        }
        mem_free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_that_was_written_is_read_back),
        cmocka_unit_test(a_damaged_form_is_refused_or_read_inside_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
