#pragma once

#include "base/err.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Sets the program name that stands in each line and the lowest level written ("debug", "info",
 * "warn", "error"). Call once, before threads start. ERR_INVALID for an unknown level. */
bool log_open(const char *program, const char *level, struct err *err) MUST_USE;

/*
 * What the current thread works on. Each line written by the thread carries it, so that callers
 * cannot forget it. The strings are borrowed until the next call; NULL leaves a field out.
 * log_clear_context() forgets all.
 */
struct log_context {
    const char *job_id;
    const char *tenant;
    const char *trace_id;
};
void log_set_context(const struct log_context *context);
void log_clear_context(void);

/* One JSON object per line on stderr: ts, level, program, msg, the context. Libraries log at debug
 * only; the top of a service logs each event once. */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
