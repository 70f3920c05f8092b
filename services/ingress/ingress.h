#pragma once

#include "access.h"
#include "lag.h"

#include "auth/auth.h"
#include "base/mem.h"
#include "config/config.h"
#include "domain/trace.h"
#include "store/store.h"
#include "web/web.h"

#include <stdint.h>

struct blobs;
struct bus_producer;
struct quota;
struct quota_tenant;
struct runtime;
struct search;
struct waiter;

/* What every request handler may use. */
struct ingress {
    const struct config *config;
    struct runtime *runtime;
    struct store *store;
    struct auth *auth;
    struct bus_producer *producer;
    struct blobs *blobs;
    struct search *search;
    struct quota *quota;
    struct waiter *waiter;
    struct lag lag;
    struct web_server *_Atomic server; /* NULL until it listens */
};

/* One request of a partner who is known and allowed. */
struct call {
    struct access access;
    struct ingress *app;
    struct web_request *request;
    struct web_reply *reply;
    struct arena *arena; /* lives as long as the request */
    struct store_session *session;
    struct auth_principal who;
    struct quota_tenant *tenant_quota; /* NULL without a credential */
    char trace_id[TRACE_ID_SIZE];
    int64_t now_ms;
    bool is_deferred; /* `reply` is not the answer; somebody else sends and notes it */
};
