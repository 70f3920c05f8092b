#include "log/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static const char *program_name = "consign";
static enum log_level lowest = LOG_LEVEL_INFO;
static _Thread_local struct log_context context;

bool log_open(const char *program, const char *level, struct err *err)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(level, level_names[i]) == 0) {
            lowest = (enum log_level)i;
            program_name = program;
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "log level \"%s\": debug, info, warn or error is needed",
                   level);
}

void log_set_context(const struct log_context *next)
{
    context = *next;
}

void log_clear_context(void)
{
    context = (struct log_context){0};
}

static void add_json_text(struct buf *line, const char *text)
{
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '"' || c == '\\') {
            buf_addc(line, '\\');
            buf_addc(line, *p);
        } else if (c < 0x20) {
            buf_printf(line, "\\u%04x", c);
        } else {
            buf_addc(line, *p);
        }
    }
}

static void add_field(struct buf *line, const char *key, const char *value)
{
    if (value) {
        buf_printf(line, ",\"%s\":\"", key);
        add_json_text(line, value);
        buf_addc(line, '"');
    }
}

void log_write(enum log_level level, const char *fmt, ...)
{
    if (level < lowest) {
        return;
    }
    AUTO(buf) struct buf line = {0};
    char now[CLOCK_ISO_SIZE];
    char msg[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    clock_format_iso(clock_now_ms(), now);
    buf_printf(&line, "{\"ts\":\"%s\",\"level\":\"%s\"", now, level_names[level]);
    add_field(&line, "program", program_name);
    add_field(&line, "msg", msg);
    add_field(&line, "job_id", context.job_id);
    add_field(&line, "tenant", context.tenant);
    add_field(&line, "trace_id", context.trace_id);
    buf_adds(&line, "}\n");
    if (write(STDERR_FILENO, line.data, line.len) < 0) {
        return; /* nowhere left to say it */
    }
}
