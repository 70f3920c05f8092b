#include "domain/legal.h"
#include "support/test.h"

struct example {
    const char *text;
    bool format; /* valid by shape */
    bool strict; /* valid with check digits */
};

static void vat_numbers(void **state)
{
    static const struct example examples[] = {
        {"IT01234567890", true, false},
        {"IT00743110157", true, true},
        {"00743110157", true, true},
        {"IT0123456789", false, false},
        {"IT0123456789A", false, false},
        {"DE123456789", true, true},
        {"DE12345678", false, false},
        {"FRXX999999999", true, true},
        {"ATU12345678", true, true},
        {"AT123456789", false, false},
        {"NL123456789B01", true, true},
        {"XX123456789", false, false},
        {"", false, false},
        {"US123456789", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (legal_vat_is_valid(examples[i].text, false) != examples[i].format ||
            legal_vat_is_valid(examples[i].text, true) != examples[i].strict) {
            fail_msg("VAT number %s", examples[i].text);
        }
    }
}

static void fiscal_codes(void **state)
{
    static const struct example examples[] = {
        {"RSSMRA80A01F839X", true, false},  {"RSSMRA85T10A562S", true, true},
        {"RSSMRA85T10A56NH", true, true}, /* omocodia: the last digit of the place as a letter */
        {"RSSMRA85T10A562T", true, false},  {"00743110157", true, true},
        {"RSSMRA85Z10A562S", false, false}, {"RSSMRA85T10A562", false, false},
        {"1SSMRA85T10A562S", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (legal_fiscal_code_is_valid(examples[i].text, false) != examples[i].format ||
            legal_fiscal_code_is_valid(examples[i].text, true) != examples[i].strict) {
            fail_msg("fiscal code %s", examples[i].text);
        }
    }
}

static void sdi_codes_are_6_or_7_letters_and_digits(void **state)
{
    (void)state;
    assert_true(legal_sdi_code_is_valid("ABCDEFG"));
    assert_true(legal_sdi_code_is_valid("UF0001"));
    assert_false(legal_sdi_code_is_valid("ABCDE"));
    assert_false(legal_sdi_code_is_valid("ABCDEFGH"));
    assert_false(legal_sdi_code_is_valid("ABC-EF"));
}

static void email_addresses(void **state)
{
    static const char *const good[] = {"a@b.it", "nome.cognome+x@pec.azienda.it"};
    static const char *const bad[] = {"",          "a",        "a@",        "@b.it",
                                      "a@b",       "a b@c.it", "a@b@c.it",  "a@.it",
                                      "a..b@c.it", "a@b.it.",  "a@b,it.com"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(legal_email_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (legal_email_is_valid(bad[i])) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void spaces_dots_and_case_are_normalised_and_endless_text_refused(void **state)
{
    char out[LEGAL_TEXT_SIZE];

    (void)state;
    assert_true(legal_normalise(" it 012.345-678.90 ", out));
    assert_string_equal(out, "IT01234567890");
    assert_false(legal_normalise("0123456789012345678901234567890123456789", out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vat_numbers),
        cmocka_unit_test(fiscal_codes),
        cmocka_unit_test(sdi_codes_are_6_or_7_letters_and_digits),
        cmocka_unit_test(email_addresses),
        cmocka_unit_test(spaces_dots_and_case_are_normalised_and_endless_text_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
