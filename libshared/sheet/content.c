#include "sheet/content.h"

#include <strings.h>

static const struct {
    const char *start;
    size_t size;
    enum sheet_content content;
} magics[] = {
    {"PK\x03\x04", 4, SHEET_CONTENT_ZIP},
    {"PK\x05\x06", 4, SHEET_CONTENT_ZIP},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, SHEET_CONTENT_OLE2},
    {"%PDF-", 5, SHEET_CONTENT_PDF},
    {"\x1f\x8b", 2, SHEET_CONTENT_GZIP},
};

static const struct {
    const char *tag;
    enum sheet_content content;
} markups[] = {
    {"<!doctype html", SHEET_CONTENT_HTML}, {"<html", SHEET_CONTENT_HTML},
    {"<head", SHEET_CONTENT_HTML},          {"<body", SHEET_CONTENT_HTML},
    {"<meta", SHEET_CONTENT_HTML},          {"<style", SHEET_CONTENT_HTML},
    {"<table", SHEET_CONTENT_HTML},         {"<?xml", SHEET_CONTENT_XML},
};

static struct str past_bom_and_spaces(struct str text)
{
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        text = (struct str){text.p + 3, text.n - 3};
    }
    while (text.n > 0 && memchr(" \t\r\n", text.p[0], 4)) {
        text = (struct str){text.p + 1, text.n - 1};
    }
    return text;
}

enum sheet_content sheet_content_of(struct str head)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
        if (head.n >= magics[i].size && memcmp(head.p, magics[i].start, magics[i].size) == 0) {
            return magics[i].content;
        }
    }
    head = past_bom_and_spaces(head);
    for (size_t i = 0; i < sizeof(markups) / sizeof(*markups); i++) {
        size_t n = strlen(markups[i].tag);

        if (head.n >= n && strncasecmp(head.p, markups[i].tag, n) == 0) {
            return markups[i].content;
        }
    }
    return SHEET_CONTENT_TEXT;
}

const char *sheet_content_name(enum sheet_content content)
{
    static const char *const names[] = {
        [SHEET_CONTENT_TEXT] = "plain text",
        [SHEET_CONTENT_ZIP] = "a ZIP archive, as Excel workbooks (.xlsx) are",
        [SHEET_CONTENT_OLE2] = "an Excel workbook of the older format (.xls)",
        [SHEET_CONTENT_HTML] = "a web page (HTML)",
        [SHEET_CONTENT_XML] = "an XML document",
        [SHEET_CONTENT_PDF] = "a PDF document",
        [SHEET_CONTENT_GZIP] = "a gzip archive",
    };

    return names[content];
}
