/* Signatures of links, which stand for a credential. */
#include "auth/pepper.h"
#include "auth/signature.h"

#include <sodium.h>

_Static_assert(PEPPER_LINK_KEY_BYTES == crypto_auth_hmacsha256_KEYBYTES, "key of HMAC-SHA256");

static bool derive_key(const struct config *config, unsigned char out[PEPPER_LINK_KEY_BYTES],
                       struct err *err)
{
    struct pepper pepper;

    if (!pepper_read(config, &pepper, err)) {
        return false;
    }
    pepper_derive_link_key(&pepper, out);
    pepper_forget(&pepper);
    return true;
}

bool auth_sign_link(const struct config *config, struct str text, char out[AUTH_HASH_SIZE],
                    struct err *err)
{
    unsigned char key[PEPPER_LINK_KEY_BYTES];
    unsigned char signature[crypto_auth_hmacsha256_BYTES];

    if (!derive_key(config, key, err)) {
        return false;
    }
    crypto_auth_hmacsha256(signature, (const unsigned char *)text.p, text.n, key);
    sodium_bin2hex(out, AUTH_HASH_SIZE, signature, sizeof(signature));
    sodium_memzero(key, sizeof(key));
    return true;
}

bool auth_check_link(const struct config *config, struct str text, struct str signature,
                     struct err *err)
{
    unsigned char key[PEPPER_LINK_KEY_BYTES];
    unsigned char sent[crypto_auth_hmacsha256_BYTES];
    size_t n;

    if (sodium_hex2bin(sent, sizeof(sent), signature.p, signature.n, NULL, &n, NULL) != 0 ||
        signature.n != 2 * sizeof(sent)) {
        return err_set(err, ERR_INVALID, "the signature is no HMAC-SHA256 in hex");
    }
    if (!derive_key(config, key, err)) {
        return false;
    }
    bool ok = signature_check_hs256(text, (struct str){(const char *)sent, n},
                                    (struct str){(const char *)key, sizeof(key)}, err);

    sodium_memzero(key, sizeof(key));
    return ok;
}
