#pragma once

#include "store/store.h"

/*
 * Who writes a partition of an import topic (`import_writers`, docs/DATA.md). A process that is
 * killed in mid-transaction leaves its locks behind until the server's transaction time-out, a
 * minute by default; its successor finds out here whose they are and ends them.
 */

/*
 * Notes the session's own server session as the writer of `partition` ("import.products|3") and
 * ends the server session that stood there before, with the transaction that it may have open. Call
 * outside of a transaction.
 */
bool writers_take(struct store_session *session, const char *partition, struct err *err) MUST_USE;
