#include "auth/signature.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

/* Below, RS256 is not allowed (RFC 7518, 3.3); above, checking a forgery costs too much. */
enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

DEFINE_AUTO(bio, BIO, BIO_free_all)
DEFINE_AUTO(public_key, EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(digest, EVP_MD_CTX, EVP_MD_CTX_free)

static bool refuse(struct err *err)
{
    return err_set(err, ERR_INVALID, "the signature is wrong");
}

bool signature_check_hs256(struct str text, struct str signature, struct str secret,
                           struct err *err)
{
    unsigned char expected[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.p, secret.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.p, text.n);
    crypto_auth_hmacsha256_final(&state, expected);

    bool ok =
        signature.n == sizeof(expected) && sodium_memcmp(expected, signature.p, signature.n) == 0;

    sodium_memzero(&state, sizeof(state));
    sodium_memzero(expected, sizeof(expected));
    return ok || refuse(err);
}

/* OpenSSL would ask at the terminal for the password of an encrypted file. */
static int no_password(char *buffer, int size, int rwflag, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static EVP_PKEY *read_public_key(struct str pem)
{
    AUTO(bio) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    AUTO(public_key) EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;

    if (!key || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < RSA_BITS_MIN ||
        EVP_PKEY_get_bits(key) > RSA_BITS_MAX) {
        return NULL;
    }
    return STEAL(key);
}

static bool verify_rs256(EVP_PKEY *key, struct str text, struct str signature)
{
    AUTO(digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();

    return digest && EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(digest, (const unsigned char *)signature.p, signature.n,
                            (const unsigned char *)text.p, text.n) == 1;
}

bool signature_check_rs256(struct str text, struct str signature, struct str pem, struct err *err)
{
    AUTO(public_key) EVP_PKEY *key = read_public_key(pem);
    bool ok = key && verify_rs256(key, text, signature);

    /* What is left in the thread's queue would look like a failure of its next TLS connection. */
    ERR_clear_error();
    if (!key) {
        return err_set(err, ERR_INTERNAL, "a stored public key cannot be read");
    }
    return ok || refuse(err);
}

bool signature_check_public_key(struct str pem, struct err *err)
{
    AUTO(public_key) EVP_PKEY *key = read_public_key(pem);

    ERR_clear_error();
    return key || err_set(err, ERR_INVALID, "no RSA public key of %d to %d bits in PEM",
                          RSA_BITS_MIN, RSA_BITS_MAX);
}
