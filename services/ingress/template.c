#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"
#include "upload.h"

#include "base/temp.h"
#include "domain/array.h"
#include "domain/entity.h"
#include "sheet/writer.h"
#include "store/tenants.h"
#include "table/template.h"

/* Files to begin with: the columns that an import may have. */

static bool write_template(const struct template_column *columns, size_t count, int fd,
                           enum sheet_format format, struct err *err)
{
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;
    struct str *names = mem_calloc(count, sizeof(*names));
    const struct sheet_writer_options options = {.fd = fd, .format = format, .title = "Import"};

    for (size_t i = 0; i < count; i++) {
        names[i] = str_from(columns[i].name);
    }
    bool ok = sheet_writer_open(&options, &writer, err) &&
              sheet_write_header(writer, names, count, err) && sheet_writer_finish(writer, err);

    mem_free(names);
    return ok;
}

static void reply_columns(struct call *call, const struct template_column *columns, size_t count)
{
    AUTO(bson) bson_t *out = bson_new();
    struct array list;
    bson_t item;

    array_begin(out, "columns", &list);
    for (size_t i = 0; i < count; i++) {
        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "name", columns[i].name);
        BSON_APPEND_UTF8(&item, "wanted", columns[i].wanted);
        array_end_document(&list, &item);
    }
    array_end(&list);
    reply_document(call->reply, 200, out);
}

static void reply_template(struct call *call, const struct template_column *columns, size_t count,
                           enum sheet_format format)
{
    AUTO(fd) int fd = -1;
    struct err err;
    const char *name = arena_printf(call->arena, "template.%s", sheet_format_name(format));

    if (!temp_open(&fd, &err) || !write_template(columns, count, fd, format, &err) ||
        !upload_reply(call, fd, format, name, &err)) {
        reply_error(call->reply, &err, PROBLEM_internal);
    }
}

static void show_template(struct call *call, const struct entity *entity, const char *const *first)
{
    static const char *const formats[] = {"csv", "xlsx", "json", NULL};
    AUTO(bson) bson_t *tenant = NULL;
    const char *format = NULL;
    struct request_fault fault;
    struct err err;
    size_t count;

    if (!params_word(call, "format", formats, &format, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    if (!tenants_get(call->session, call->who.tenant, &tenant, &err)) {
        reply_error(call->reply, &err, PROBLEM_internal);
        return;
    }
    struct text_list languages = document_texts(call->arena, tenant, "languages");
    const struct template_column *columns = template_columns(
        call->arena, &(struct template_options){entity->fields, &languages, first}, &count);

    if (format && *format == 'j') {
        reply_columns(call, columns, count);
    } else {
        reply_template(call, columns, count, format && *format == 'x' ? SHEET_XLSX : SHEET_CSV);
    }
}

void template_products(struct call *call)
{
    static const char *const first[] = {"entity_code", "sku", "name", "description", "price", NULL};

    show_template(call, &entity_products, first);
}

void template_customers(struct call *call)
{
    static const char *const first[] = {"external_code", "public_code", "company_name", "email",
                                        NULL};

    show_template(call, &entity_customers, first);
}
