#include "web/web_multipart.h"

#include "base/buf.h"
#include "support/test.h"

#include <string.h>

#define TYPE "multipart/form-data; boundary=xyz"
#define PART(head, content) "--xyz\r\n" head "\r\n\r\n" content "\r\n"
#define FIELD(name, content) PART("Content-Disposition: form-data; name=\"" name "\"", content)
#define END "--xyz--\r\n"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct web_multipart read_body(const char *type, const char *body)
{
    struct web_multipart multipart;
    struct err err;

    assert_ok(web_multipart_read(arena, str_from(type), str_from(body), &multipart, &err), &err);
    return multipart;
}

static void assert_str(struct str have, const char *want)
{
    assert_non_null(have.p);
    assert_string_equal(arena_strndup(arena, have.p, have.n), want);
}

static void fields_and_files_are_cut_out_of_the_body(void **state)
{
    static const char body[] = FIELD("source_id", "weekly")
        PART("Content-Disposition: form-data; name=\"file\"; filename=\"a b.csv\"\r\n"
             "Content-Type: text/csv; charset=utf-8",
             "sku;price\r\nA-1;12\r\n") END;
    struct web_multipart multipart = read_body(TYPE, body);
    const struct web_part *file = web_multipart_find(&multipart, "file");
    const struct web_part *field = web_multipart_find(&multipart, "source_id");

    (void)state;
    assert_int_equal(multipart.count, 2);
    assert_str(field->content, "weekly");
    assert_null(field->file_name.p);
    assert_null(field->content_type.p);
    assert_str(file->file_name, "a b.csv");
    assert_str(file->content_type, "text/csv; charset=utf-8");
    assert_str(file->content, "sku;price\r\nA-1;12\r\n");
    assert_null(web_multipart_find(&multipart, "File"));
    /* Not copied. */
    assert_true(file->content.p > body && file->content.p < body + sizeof(body));
}

static void boundaries_are_read_as_rfc_2046_writes_them(void **state)
{
    static const struct {
        const char *type;
        const char *body;
        const char *content;
    } cases[] = {
        {TYPE, FIELD("a", "1") END, "1"},
        {TYPE, FIELD("a", "") END, ""},
        {TYPE, FIELD("a", "1") "--xyz--", "1"},
        {TYPE, FIELD("a", "1") "--xyz-- and an epilogue\r\n--xyz\r\nx", "1"},
        {TYPE, "a preamble\r\n" FIELD("a", "1") END, "1"},
        {TYPE, "\r\n" FIELD("a", "1") END, "1"},
        {TYPE, "--xyz \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyz-- ", "1"},
        {TYPE, FIELD("a", "1\r\n--xy\r\n--xyzz\r\n--xyz-\r\n2") END,
         "1\r\n--xy\r\n--xyzz\r\n--xyz-\r\n2"},
        {TYPE, FIELD("a", "\r\n\r\n") END, "\r\n\r\n"},
        {TYPE, FIELD("a", " --xyz--") END, " --xyz--"},
        {"Multipart/Form-Data;charset=x; BOUNDARY=\"xyz\"", FIELD("a", "1") END, "1"},
        {"multipart/form-data; boundary=xyz; charset=utf-8", FIELD("a", "1") END, "1"},
        {"multipart/form-data; boundary=\"a b'()+_,-./:=?\"",
         "--a b'()+_,-./:=?\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
         "--a b'()+_,-./:=?--",
         "1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct web_multipart multipart = read_body(cases[i].type, cases[i].body);

        assert_int_equal(multipart.count, 1);
        assert_str(multipart.parts[0].name, "a");
        assert_str(multipart.parts[0].content, cases[i].content);
    }
}

static void a_body_may_have_no_parts(void **state)
{
    (void)state;
    assert_int_equal(read_body(TYPE, END).count, 0);
}

static void names_are_decoded(void **state)
{
    static const struct {
        const char *parameters;
        const char *name;
        const char *file_name; /* NULL: none */
    } cases[] = {
        {"name=a", "a", NULL},
        {"name=\"a\"; filename=b.csv", "a", "b.csv"},
        {"NAME = \"a\" ;FileName = \"b.csv\" ;", "a", "b.csv"},
        {"filename=\"b; name=x.csv\"; name=a", "a", "b; name=x.csv"},
        {"name=\"a\\\"b\\\\c\"", "a\"b\\c", NULL},
        {"name=a; filename=\"C:\\Daten\\neu.csv\"", "a", "C:\\Daten\\neu.csv"},
        {"name=a; filename=\"prezzi \xc3\xa8.csv\"", "a", "prezzi \xc3\xa8.csv"},
        {"name=a; filename=\"\"", "a", ""},
        {"name=a; filename*=utf-8''prezzi%20%C3%A8.csv; filename=x.csv", "a",
         "prezzi \xc3\xa8.csv"},
        {"name=a; filename=x.csv; filename*=UTF-8'it'p.csv", "a", "p.csv"},
        {"name=a; size=3", "a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct web_multipart multipart = read_body(
            TYPE,
            arena_printf(
                arena, "--xyz\r\nX-Other: 1\r\ncontent-disposition:form-data; %s\r\n\r\n1\r\n" END,
                cases[i].parameters));

        assert_str(multipart.parts[0].name, cases[i].name);
        if (cases[i].file_name) {
            assert_str(multipart.parts[0].file_name, cases[i].file_name);
        } else {
            assert_null(multipart.parts[0].file_name.p);
        }
    }
}

static void assert_refused(const char *type, struct str body, const char *message)
{
    struct web_multipart multipart;
    struct err err;

    assert_false(web_multipart_read(arena, str_from(type), body, &multipart, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, message);
}

static void what_is_no_form_is_refused_and_why_is_said(void **state)
{
    static const struct {
        const char *type;
        const char *body;
        const char *message;
    } cases[] = {
        {NULL, END, "the content type is not multipart/form-data"},
        {"application/json", END, "the content type is not multipart/form-data"},
        {"multipart/mixed; boundary=xyz", END, "the content type is not multipart/form-data"},
        {"multipart/form-data", END, "the content type has no proper boundary"},
        {"multipart/form-data; boundary=", END, "the content type has no proper boundary"},
        {"multipart/form-data; boundary=\"a \"", END, "the content type has no proper boundary"},
        {"multipart/form-data; boundary=\"a\\\"b\"", END,
         "the content type has no proper boundary"},
        {"multipart/form-data; boundary="
         "01234567890123456789012345678901234567890123456789012345678901234567890",
         END, "the content type has no proper boundary"},
        {"multipart/form-data; boundary", END, "the content type: \"boundary\" is no parameter"},
        {"multipart/form-data; boundary=\"xyz", END, "the content type: a quoted text has no end"},
        {TYPE, "", "the boundary does not occur in the body"},
        {TYPE, "{\"products\": []}", "the boundary does not occur in the body"},
        {TYPE, "--xyzz\r\n", "the boundary does not occur in the body"},
        {TYPE, "--xyz\r\n", "part 1 has no end"},
        {TYPE, "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "part 1 has no end"},
        {TYPE, FIELD("a", "1"), "part 1 has no end"},
        {TYPE, FIELD("a", "1") "--xyz\r\n", "part 2 has no end"},
        {TYPE, FIELD("a", "1") "--xyz", "part 1 has no end"},
        {TYPE, PART("Content-Disposition: form-data; name=a", "1\n--xyz--\n"), "part 1 has no end"},
        {TYPE, "--xyz\r\nContent-Disposition: form-data; name=a\r\n--xyz--",
         "part 1: its header has no end"},
        {TYPE, "--xyz\r\n\r\n--xyz--", "part 1: its header has no end"},
        {TYPE, "--xyz\r\n\r\n1\r\n--xyz--", "part 1: it has no name"},
        {TYPE, FIELD("a", "1") PART("Content-Type: text/plain", "2") END, "part 2: it has no name"},
        {TYPE, FIELD("", "1") END, "part 1: it has no name"},
        {TYPE, PART("Content-Disposition: attachment; name=a", "1") END,
         "part 1: its Content-Disposition is not form-data"},
        {TYPE, PART("Content-Disposition: form-data; name=\"a", "1") END,
         "part 1: its Content-Disposition: a quoted text has no end"},
        {TYPE, PART("Content-Disposition: form-data; name=\"a\" x", "1") END,
         "part 1: its Content-Disposition: parameters are separated by ;"},
        {TYPE, PART("Content-Disposition: form-data; name", "1") END,
         "part 1: its Content-Disposition: \"name\" is no parameter"},
        {TYPE, PART("Content-Disposition: form-data; name=a; filename*=latin1''a", "1") END,
         "part 1: its filename* is not in UTF-8 and percent-encoded"},
        {TYPE, PART("Content-Disposition: form-data; name=a; filename*=UTF-8''%zz", "1") END,
         "part 1: its filename* is not in UTF-8 and percent-encoded"},
        {TYPE, PART("Content-Disposition: form-data; name=a; filename*=UTF-8''%0Ax", "1") END,
         "part 1: its name holds control characters"},
        {TYPE, PART("Content-Disposition: form-data; name=\"a\tb\"", "1") END,
         "part 1: its name holds control characters"},
        {TYPE, PART("Content-Disposition form-data", "1") END,
         "part 1: it has a header line without a name"},
        {TYPE, PART(": x", "1") END, "part 1: it has a header line without a name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(cases[i].type, str_from(cases[i].body), cases[i].message);
    }
}

static void parts_and_their_headers_are_bounded(void **state)
{
    AUTO(buf) struct buf many = {0};
    AUTO(buf) struct buf large = {0};

    (void)state;
    for (int i = 0; i < WEB_MAX_PARTS; i++) {
        buf_adds(&many, FIELD("a", "1"));
    }
    struct buf most = {0};

    buf_printf(&most, "%s" END, many.data);
    assert_int_equal(read_body(TYPE, most.data).count, WEB_MAX_PARTS);
    buf_done(&most);
    buf_adds(&many, FIELD("a", "1") END);
    assert_refused(TYPE, str_from(many.data), "there are more than 16 parts");
    buf_printf(&large,
               "--xyz\r\nX-Long: %0*d\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" END,
               WEB_MAX_PART_HEADER_BYTES, 0);
    assert_refused(TYPE, str_from(large.data), "part 1: its header has more than 4096 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_and_files_are_cut_out_of_the_body, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(boundaries_are_read_as_rfc_2046_writes_them, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(a_body_may_have_no_parts, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(names_are_decoded, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(what_is_no_form_is_refused_and_why_is_said, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(parts_and_their_headers_are_bounded, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
