#include "web/web_tls.h"

#include <openssl/err.h>

#include <string.h>
#include <sys/stat.h>

struct web_tls {
    const char *cert_file;
    const char *key_file;
    SSL_CTX *context;
    struct stat seen; /* the certificate's file as it was read */
};

static const unsigned char protocols[] = "\x08http/1.1";

/* A client that wants HTTP/2 alone is told so; one that does not ask gets HTTP/1.1 all the same. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size,
                           const unsigned char *offered, unsigned int offered_size, void *ctx)
{
    unsigned char *chosen;

    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, size, protocols, sizeof(protocols) - 1, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool fail(struct err *err, const char *file)
{
    char why[160];

    ERR_error_string_n(ERR_get_error(), why, sizeof(why));
    ERR_clear_error();
    return err_set(err, ERR_INVALID, "%s: %s", file, why);
}

static bool load(const struct web_tls *tls, SSL_CTX *context, struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, tls->cert_file) != 1) {
        return fail(err, tls->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return fail(err, tls->key_file);
    }
    return true;
}

static bool make_context(const struct web_tls *tls, SSL_CTX **out, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context) {
        return fail(err, "TLS");
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (!load(tls, context, err)) {
        SSL_CTX_free(context);
        return false;
    }
    *out = context;
    return true;
}

bool web_tls_open(const char *cert_file, const char *key_file, struct web_tls **out,
                  struct err *err)
{
    struct web_tls *tls = mem_calloc(1, sizeof(*tls));

    tls->cert_file = cert_file;
    tls->key_file = key_file;
    (void)stat(cert_file, &tls->seen);
    if (!make_context(tls, &tls->context, err)) {
        mem_free(tls);
        return false;
    }
    *out = tls;
    return true;
}

void web_tls_close(struct web_tls *tls)
{
    if (tls) {
        SSL_CTX_free(tls->context);
        mem_free(tls);
    }
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

SSL_CTX *web_tls_context(struct web_tls *tls)
{
    struct stat now;
    SSL_CTX *fresh;
    struct err ignored;

    if (stat(tls->cert_file, &now) == 0 && !is_same(&now, &tls->seen) &&
        make_context(tls, &fresh, &ignored)) {
        SSL_CTX_free(tls->context);
        tls->context = fresh;
        tls->seen = now;
    }
    return tls->context;
}
