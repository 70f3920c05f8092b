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

/* RFC 4231, cases 2 and 6: a short key, and one longer than a block. */
static void hmac_gives_the_published_values(void **state)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[DIGEST_SIZE];
    char key[131];

    (void)state;
    digest_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), digest);
    digest_write_hex(digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    digest_hmac_sha256((struct str){key, sizeof(key)},
                       STR("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
    digest_write_hex(digest, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(hmac_gives_the_published_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
