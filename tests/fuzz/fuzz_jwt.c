/* Whatever stands in an Authorization header: no crash, and nobody is let in. Whatever a proper
 * issuer signs: no crash, and nobody gets another tenant or more permissions than the key has. */
#include "auth/auth.h"
#include "config/config.h"

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PERMISSIONS = AUTH_CUSTOMERS | AUTH_IMPORT, ROOM = 16 * 1024 };

static const struct str secret = STR("0123456789abcdef0123456789abcdef");
static struct auth_jwt_key hs256;

/* Of a key whose private half nobody kept. */
static const struct str public_key =
    STR("-----BEGIN PUBLIC KEY-----\n"
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAk1i7yD/LWl4ZOacr4nvS\n"
        "snEn9lg6bVXNZe4Nnr6XD1Yn3apur11giscSVUWzffEzhWsHvSABzO9PyHU4AJVM\n"
        "ezR1xwMtGEFu3MJlgURZGuc0ROiRsbJ9D8DwRcMW0qeKiNfaGv835mTX9r8auhNH\n"
        "9TmK9HCpLnv8oKIORx+tJIaJKPOsZqQ/kRRSyXR2Sf1lUAPDxrzgyTbReecvSky6\n"
        "nFEuhdigllvm6jdwve+gdzae/ZGJHbrc7MTJum254mssv79fE/laNpuf5o0rYIKH\n"
        "4bHfotL5HQaGRdMEJlZdiAXfne2Qk2cNdcYm6fwKL83BoZf9KLrRz0mqOw9Fm5PC\n"
        "wwIDAQAB\n"
        "-----END PUBLIC KEY-----\n");

static bool load(void *ctx, const char *kid, struct auth_jwt_key *out, struct err *err)
{
    static struct auth_jwt_key rs256;

    (void)ctx;
    if (strcmp(kid, "rs") == 0) {
        rs256 = hs256;
        if (!auth_set_public_key(public_key, &rs256, err)) {
            abort();
        }
        *out = rs256;
        return true;
    }
    if (strcmp(kid, "hs") == 0) {
        *out = hs256;
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "no such key");
}

static struct auth *open_auth(void)
{
    static char pepper[] = "a pepper that is long enough for it";
    struct config config = {.key_pepper = pepper, .credential_cache_ms = 600000};
    const struct auth_loader loader = {.jwt_key = load};
    struct auth *auth;
    struct err err;

    hs256 = (struct auth_jwt_key){
        .tenant = "acme", .permissions = PERMISSIONS, .issuer = "sso", .audience = "consign"};
    if (!auth_set_secret(&config, secret, &hs256, &err) ||
        !auth_open(&config, &loader, &auth, &err)) {
        abort();
    }
    return auth;
}

static size_t encode(char *out, size_t room, const void *bytes, size_t n)
{
    sodium_bin2base64(out, room, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return strlen(out);
}

/* "Bearer " and a token with this payload, signed as it should be; returns its length. */
static size_t sign(const uint8_t *payload, size_t size, char out[ROOM])
{
    static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"hs\"}";
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    size_t n = 7;

    memcpy(out, "Bearer ", n);
    n += encode(out + n, ROOM - n, header, sizeof(header) - 1);
    out[n++] = '.';
    n += encode(out + n, ROOM - n, payload, size);
    crypto_auth_hmacsha256(mac, (const unsigned char *)out + 7, n - 7,
                           (const unsigned char *)secret.p);
    out[n++] = '.';
    return n + encode(out + n, ROOM - n, mac, sizeof(mac));
}

static bool check(struct auth *auth, const char *text, size_t n, struct auth_principal *out)
{
    struct err err;

    if (auth_check(auth, &(struct auth_request){.authorization = {text, n}}, out, &err)) {
        return true;
    }
    if (err.kind != ERR_INVALID) {
        abort();
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct auth *auth;
    struct auth_principal principal;
    char signed_text[ROOM];

    if (!auth) {
        auth = open_auth();
    }
    if (check(auth, (const char *)data, size, &principal)) {
        abort();
    }
    if (size < 8000 && check(auth, signed_text, sign(data, size, signed_text), &principal) &&
        (strcmp(principal.tenant, "acme") != 0 || principal.permissions & ~PERMISSIONS)) {
        abort();
    }
    return 0;
}
