#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <openssl/ssl.h>

/* The certificate of a listener and what goes with it. For the loop thread only, but for opening
 * and closing. */
struct web_tls;

/* Reads PEM files: the certificate with its chain, and its key. ERR_INVALID when they cannot be
 * read or do not belong together. The names are borrowed. */
bool web_tls_open(const char *cert_file, const char *key_file, struct web_tls **out,
                  struct err *err) MUST_USE;
void web_tls_close(struct web_tls *tls); /* NULL is allowed */

/*
 * The context for the next connection: TLS 1.2 or later, and nothing but HTTP/1.1 by ALPN. A
 * certificate file that has changed is read again; one that cannot be used leaves the last good one
 * in use. Belongs to `tls` and is valid until the next call: a connection takes its own reference.
 */
SSL_CTX *web_tls_context(struct web_tls *tls);
