#include "domain/catalog_fields.h"

/* Each list is sorted by name (tests/unit/test_document.c holds us to it). */

static const struct field brand_level_list[] = {
    {"brand_id", FIELD_TEXT, NULL, NULL}, {"label", FIELD_LABEL, NULL, NULL},
    {"level", FIELD_NUMBER, NULL, NULL},  {"logo_url", FIELD_TEXT, NULL, NULL},
    {"slug", FIELD_LABEL, NULL, NULL},
};
static const struct field_table brand_level = FIELD_TABLE(brand_level_list);

static const struct field brand_list[] = {
    {"brand_family", FIELD_TEXT, NULL, NULL},
    {"brand_id", FIELD_TEXT, NULL, NULL},
    {"description", FIELD_LABEL, NULL, NULL},
    {"display_order", FIELD_NUMBER, NULL, NULL},
    {"hierarchy", FIELD_OBJECTS, &brand_level, NULL},
    {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"label", FIELD_LABEL, NULL, NULL},
    {"level", FIELD_NUMBER, NULL, NULL},
    {"logo_url", FIELD_TEXT, NULL, NULL},
    {"parent_brand_id", FIELD_TEXT, NULL, NULL},
    {"path", FIELD_TEXTS, NULL, NULL},
    {"product_count", FIELD_NUMBER, NULL, NULL},
    {"slug", FIELD_LABEL, NULL, NULL},
    {"website_url", FIELD_TEXT, NULL, NULL},
};
const struct field_table brand_fields = FIELD_TABLE(brand_list);

static const struct field category_image_list[] = {
    {"id", FIELD_TEXT, NULL, NULL},
    {"original", FIELD_TEXT, NULL, NULL},
    {"thumbnail", FIELD_TEXT, NULL, NULL},
};
static const struct field_table category_image = FIELD_TABLE(category_image_list);

static const struct field category_level_list[] = {
    {"category_id", FIELD_TEXT, NULL, NULL},
    {"level", FIELD_NUMBER, NULL, NULL},
    {"name", FIELD_LABEL, NULL, NULL},
    {"slug", FIELD_LABEL, NULL, NULL},
};
static const struct field_table category_level = FIELD_TABLE(category_level_list);

static const struct field category_list[] = {
    {"category_id", FIELD_TEXT, NULL, NULL},
    {"details", FIELD_TITLE, NULL, NULL},
    {"display_order", FIELD_NUMBER, NULL, NULL},
    {"hierarchy", FIELD_OBJECTS, &category_level, NULL},
    {"icon", FIELD_TEXT, NULL, NULL},
    {"image", FIELD_OBJECT, &category_image, NULL},
    {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"level", FIELD_NUMBER, NULL, NULL},
    {"name", FIELD_TITLE, NULL, NULL},
    {"parent_id", FIELD_TEXT, NULL, NULL},
    {"path", FIELD_TEXTS, NULL, NULL},
    {"slug", FIELD_TITLE, NULL, NULL},
};
const struct field_table category_fields = FIELD_TABLE(category_list);

static const struct field collection_list[] = {
    {"collection_id", FIELD_TEXT, NULL, NULL},   {"description", FIELD_LABEL, NULL, NULL},
    {"display_order", FIELD_NUMBER, NULL, NULL}, {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"level", FIELD_NUMBER, NULL, NULL},         {"name", FIELD_TITLE, NULL, NULL},
    {"path", FIELD_TEXTS, NULL, NULL},           {"slug", FIELD_TITLE, NULL, NULL},
};
const struct field_table collection_fields = FIELD_TABLE(collection_list);

static const struct field type_specification_list[] = {
    {"display_order", FIELD_NUMBER, NULL, NULL},
    {"key", FIELD_TEXT, NULL, NULL},
    {"label", FIELD_LABEL, NULL, NULL},
    {"options", FIELD_TEXTS, NULL, NULL},
    {"required", FIELD_BOOLEAN, NULL, NULL},
    {"technical_specification_id", FIELD_TEXT, NULL, NULL},
    {"type", FIELD_TEXT, NULL, NULL},
    {"unit", FIELD_TEXT, NULL, NULL},
};
static const struct field_table type_specification = FIELD_TABLE(type_specification_list);

static const struct field product_type_list[] = {
    {"code", FIELD_TEXT, NULL, NULL},
    {"description", FIELD_LABEL, NULL, NULL},
    {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"name", FIELD_TITLE, NULL, NULL},
    {"product_type_id", FIELD_TEXT, NULL, NULL},
    {"slug", FIELD_TITLE, NULL, NULL},
    {"technical_specifications", FIELD_OBJECTS, &type_specification, NULL},
};
const struct field_table product_type_fields = FIELD_TABLE(product_type_list);

static const struct field synonym_dictionary_list[] = {
    {"key", FIELD_TEXT, NULL, NULL},
    {"language", FIELD_TEXT, NULL, NULL},
    {"synonym_dictionary_id", FIELD_TEXT, NULL, NULL},
    {"terms", FIELD_TEXTS, NULL, NULL},
};
const struct field_table synonym_dictionary_fields = FIELD_TABLE(synonym_dictionary_list);
