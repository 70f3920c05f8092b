#include "sheet/xlsx_xml.h"

#include <expat.h>

#include <stdio.h>

enum {
    READ_BYTES = 64 * 1024,
    MAX_DEPTH = 64,
    MAX_TOKEN_BYTES = 1024 * 1024, /* expat holds a tag or a comment as a whole */
};

struct xlsx_xml {
    struct xlsx_part *part;
    const char *name;
    const struct xlsx_events *events;
    void *ctx;
    XML_Parser parser;
    int depth;
    uint64_t fed;
    uint64_t event_at; /* `fed` at the last event */
    bool is_paused;
    bool is_final; /* the last bytes were fed */
    bool failed;   /* fault and err are filled */
    struct sheet_fault *fault;
    struct err *err;
};

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2) {
        if (strcmp(local_name(attributes[0]), name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

static void stop_unless(struct xlsx_xml *xml, bool is_well)
{
    xml->event_at = xml->fed;
    if (!is_well) {
        xml->failed = true;
        XML_StopParser(xml->parser, XML_FALSE);
    }
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct xlsx_xml *xml = ctx;

    stop_unless(
        xml, ++xml->depth <= MAX_DEPTH
                 ? xml->events->start(xml->ctx, local_name(name), attributes, xml->fault, xml->err)
                 : xlsx_damaged(xml->fault, xml->err, xml->name, "is nested too deeply"));
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct xlsx_xml *xml = ctx;

    xml->depth--;
    if (!xml->failed) {
        stop_unless(xml, xml->events->end(xml->ctx, local_name(name), xml->fault, xml->err));
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int n)
{
    struct xlsx_xml *xml = ctx;

    if (!xml->failed && xml->events->text) {
        stop_unless(
            xml, xml->events->text(xml->ctx, (struct str){text, (size_t)n}, xml->fault, xml->err));
    }
}

static void XMLCALL on_comment(void *ctx, const XML_Char *text)
{
    (void)text;
    stop_unless(ctx, true);
}

static void XMLCALL on_instruction(void *ctx, const XML_Char *target, const XML_Char *data)
{
    (void)target;
    (void)data;
    stop_unless(ctx, true);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    static const struct sheet_flaw flaw = {
        "XLSX_DOCTYPE",
        "Open the file in a spreadsheet program, save it again as .xlsx and send the new file."};
    struct xlsx_xml *xml = ctx;

    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop_unless(xml, sheet_refuse(xml->fault, xml->err, &flaw, (struct sheet_place){0},
                                  "The part %.120s declares a document type (DTD), which no "
                                  "spreadsheet program does.",
                                  xml->name));
}

bool xlsx_xml_open(struct xlsx_package *package, const char *name, const struct xlsx_events *events,
                   void *ctx, struct xlsx_xml **out, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_part *part;

    if (!xlsx_part_open(package, name, &part, fault, err)) {
        return false;
    }
    struct xlsx_xml *xml = mem_calloc(1, sizeof(*xml));

    *xml = (struct xlsx_xml){.part = part, .name = name, .events = events, .ctx = ctx};
    xml->parser = XML_ParserCreate(NULL);
    if (!xml->parser) {
        xlsx_xml_close(xml);
        return err_set(err, ERR_UNAVAILABLE, "no memory for an XML parser");
    }
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetCommentHandler(xml->parser, on_comment);
    XML_SetProcessingInstructionHandler(xml->parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    *out = xml;
    return true;
}

void xlsx_xml_close(struct xlsx_xml *xml)
{
    if (xml) {
        XML_ParserFree(xml->parser);
        xlsx_part_close(xml->part);
        mem_free(xml);
    }
}

void xlsx_xml_pause(struct xlsx_xml *xml)
{
    xml->is_paused = true;
    XML_StopParser(xml->parser, XML_TRUE);
}

/* Gives expat the next bytes. */
static bool feed(struct xlsx_xml *xml, enum XML_Status *status)
{
    void *room = XML_GetBuffer(xml->parser, READ_BYTES);
    size_t n;

    if (!room) {
        return err_set(xml->err, ERR_UNAVAILABLE, "no memory for XML");
    }
    if (!xlsx_part_read(xml->part, room, READ_BYTES, &n, xml->fault, xml->err)) {
        return false;
    }
    xml->fed += n;
    xml->is_final = n == 0;
    *status = XML_ParseBuffer(xml->parser, (int)n, xml->is_final);
    return xml->fed - xml->event_at <= MAX_TOKEN_BYTES ||
           xlsx_damaged(xml->fault, xml->err, xml->name, "has a tag that does not end");
}

static bool refuse_syntax(const struct xlsx_xml *xml)
{
    char what[120];

    if (XML_GetErrorCode(xml->parser) == XML_ERROR_NO_MEMORY) {
        return err_set(xml->err, ERR_UNAVAILABLE, "no memory for XML");
    }
    snprintf(what, sizeof(what), "is not well-formed (%s)",
             XML_ErrorString(XML_GetErrorCode(xml->parser)));
    return xlsx_damaged(xml->fault, xml->err, xml->name, what);
}

bool xlsx_xml_read(struct xlsx_xml *xml, bool *end, struct sheet_fault *fault, struct err *err)
{
    enum XML_Status status = XML_STATUS_OK;

    xml->fault = fault;
    xml->err = err;
    if (xml->is_paused) {
        xml->is_paused = false;
        status = XML_ResumeParser(xml->parser);
    }
    while (status == XML_STATUS_OK && !xml->is_final) {
        if (!feed(xml, &status)) {
            return false;
        }
    }
    if (status == XML_STATUS_ERROR) {
        return !xml->failed && refuse_syntax(xml);
    }
    *end = status == XML_STATUS_OK;
    return true;
}

bool xlsx_xml_read_all(struct xlsx_package *package, const char *name,
                       const struct xlsx_events *events, void *ctx, struct sheet_fault *fault,
                       struct err *err)
{
    AUTO(xlsx_xml) struct xlsx_xml *xml = NULL;
    bool end;

    return xlsx_xml_open(package, name, events, ctx, &xml, fault, err) &&
           xlsx_xml_read(xml, &end, fault, err);
}
