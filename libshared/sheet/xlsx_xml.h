#pragma once

#include "sheet/xlsx_package.h"

/*
 * One part of a workbook as XML events. Names come without their namespace prefix, so that strict
 * and transitional workbooks read alike. Refused: a DTD (and with it every entity), elements deeper
 * than any workbook has, a tag or comment that never ends.
 */
struct xlsx_xml;

/* Each returns false after it has refused. Attributes are name, value, ..., NULL. */
struct xlsx_events {
    bool (*start)(void *ctx, const char *name, const char **attributes, struct sheet_fault *fault,
                  struct err *err);
    bool (*end)(void *ctx, const char *name, struct sheet_fault *fault, struct err *err);
    bool (*text)(void *ctx, struct str text, struct sheet_fault *fault,
                 struct err *err); /* may come in pieces; NULL: nobody asks */
};

/* `name`, `events` and `ctx` are borrowed. */
bool xlsx_xml_open(struct xlsx_package *package, const char *name, const struct xlsx_events *events,
                   void *ctx, struct xlsx_xml **out, struct sheet_fault *fault,
                   struct err *err) MUST_USE;
void xlsx_xml_close(struct xlsx_xml *xml); /* NULL is allowed */

/* Goes on until an event handler pauses, or to the end. */
bool xlsx_xml_read(struct xlsx_xml *xml, bool *end, struct sheet_fault *fault,
                   struct err *err) MUST_USE;

/* Called by an `end` handler: xlsx_xml_read returns after this element. */
void xlsx_xml_pause(struct xlsx_xml *xml);

/* Opens a part, reads it to its end and closes it. */
bool xlsx_xml_read_all(struct xlsx_package *package, const char *name,
                       const struct xlsx_events *events, void *ctx, struct sheet_fault *fault,
                       struct err *err) MUST_USE;

/* The attribute with this local name, whatever its namespace; NULL if there is none. */
const char *xlsx_attribute(const char **attributes, const char *name);

DEFINE_AUTO(xlsx_xml, struct xlsx_xml, xlsx_xml_close)
