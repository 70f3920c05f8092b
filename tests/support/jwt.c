#include "support/jwt.h"

#include "base/buf.h"
#include "base/clock.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <stdlib.h>
#include <string.h>

EVP_PKEY *jwt_new_key(const char *type, unsigned bits)
{
    EVP_PKEY *key = strcmp(type, "RSA") == 0 ? EVP_RSA_gen(bits) : EVP_EC_gen("P-256");

    if (!key) {
        abort();
    }
    return key;
}

static char *take_text(struct arena *arena, BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    char *text = arena_strndup(arena, p, (size_t)n);

    BIO_free(bio);
    return text;
}

char *jwt_public_pem(struct arena *arena, const EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_PUBKEY(bio, key);
    return take_text(arena, bio);
}

char *jwt_private_pem(struct arena *arena, const EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    return take_text(arena, bio);
}

char *jwt_encode(struct arena *arena, struct str bytes)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    size_t room = sodium_base64_encoded_len(bytes.n, variant);
    char *text = arena_alloc(arena, room);

    return sodium_bin2base64(text, room, (const unsigned char *)bytes.p, bytes.n, variant);
}

static char *unsigned_token(struct arena *arena, const char *header, const char *payload)
{
    return arena_printf(arena, "%s.%s", jwt_encode(arena, str_from(header)),
                        jwt_encode(arena, str_from(payload)));
}

char *jwt_sign_hs256(struct arena *arena, const char *header, const char *payload,
                     struct str secret)
{
    const char *text = unsigned_token(arena, header, payload);
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.p, secret.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&state, mac);
    return arena_printf(arena, "%s.%s", text,
                        jwt_encode(arena, (struct str){(const char *)mac, sizeof(mac)}));
}

char *jwt_sign_rs256(struct arena *arena, const char *header, const char *payload, EVP_PKEY *key)
{
    const char *text = unsigned_token(arena, header, payload);
    unsigned char signature[1024];
    size_t n = sizeof(signature);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    if (EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(digest, signature, &n, (const unsigned char *)text, strlen(text)) != 1) {
        abort();
    }
    EVP_MD_CTX_free(digest);
    return arena_printf(arena, "%s.%s", text,
                        jwt_encode(arena, (struct str){(const char *)signature, n}));
}

char *jwt_with_times(struct arena *arena, const char *text)
{
    AUTO(buf) struct buf out = {0};

    while (*text) {
        if (*text == '<') {
            char *end;
            long seconds = strtol(text + 1, &end, 10);

            buf_printf(&out, "%lld", (long long)(clock_now_ms() / 1000 + seconds));
            text = end + 1;
        } else {
            buf_addc(&out, *text++);
        }
    }
    return arena_strndup(arena, out.data, out.len);
}
