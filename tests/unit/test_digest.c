#include "support/test.h"

#include "domain/digest.h"

/* FIPS 180-4 examples. */
static void sha256_gives_the_published_values(void **state)
{
    char hex[DIGEST_SIZE];

    (void)state;
    digest_sha256(STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256(STR(""), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
