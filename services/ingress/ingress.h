#pragma once

#include "auth/auth.h"
#include "base/mem.h"
#include "config/config.h"
#include "domain/trace.h"
#include "store/store.h"
#include "web/web.h"

#include <stdint.h>

struct bus_producer;
struct runtime;
struct search;

/* What every request handler may use; constant while the server runs. */
struct ingress {
    const struct config *config;
    struct runtime *runtime;
    struct store *store;
    struct auth *auth;
    struct bus_producer *producer;
    struct search *search;
    struct web_server *_Atomic server; /* NULL until it listens */
};

/* One request of a partner who is known and allowed. */
struct call {
    struct ingress *app;
    struct web_request *request;
    struct web_reply *reply;
    struct arena *arena; /* lives as long as the request */
    struct store_session *session;
    struct auth_principal who;
    char trace_id[TRACE_ID_SIZE];
    int64_t now_ms;
};
