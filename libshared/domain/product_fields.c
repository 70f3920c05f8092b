#include "domain/product_fields.h"

#include "domain/catalog_fields.h"

/* Each list is sorted by name (tests/unit/test_document.c holds us to it). */

static const struct field money_fields[] = {
    {"currency", FIELD_TEXT, NULL, NULL},
    {"list", FIELD_NUMBER, NULL, NULL},
    {"list_discount_pct", FIELD_PERCENT, NULL, NULL},
    {"list_unit", FIELD_NUMBER, NULL, NULL},
    {"price_ref", FIELD_TEXT, NULL, NULL},
    {"retail", FIELD_NUMBER, NULL, NULL},
    {"retail_unit", FIELD_NUMBER, NULL, NULL},
    {"sale", FIELD_NUMBER, NULL, NULL},
    {"sale_discount_pct", FIELD_PERCENT, NULL, NULL},
    {"sale_unit", FIELD_NUMBER, NULL, NULL},
    {"vat_included", FIELD_BOOLEAN, NULL, NULL},
    {"vat_rate", FIELD_NUMBER, NULL, NULL},
};
static const struct field_table money = FIELD_TABLE(money_fields);

static const struct field promotion_fields[] = {
    {"calc_method", FIELD_TEXT, NULL, NULL},     {"discount_percentage", FIELD_NUMBER, NULL, NULL},
    {"end_date", FIELD_DATE, NULL, NULL},        {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"is_stackable", FIELD_BOOLEAN, NULL, NULL}, {"label", FIELD_LABEL, NULL, NULL},
    {"language", FIELD_TEXT, NULL, NULL},        {"min_order_value", FIELD_NUMBER, NULL, NULL},
    {"min_quantity", FIELD_NUMBER, NULL, NULL},  {"priority", FIELD_NUMBER, NULL, NULL},
    {"promo_code", FIELD_TEXT, NULL, NULL},      {"promo_row", FIELD_NUMBER, NULL, NULL},
    {"promo_type", FIELD_TEXT, NULL, NULL},      {"start_date", FIELD_DATE, NULL, NULL},
    {"target_pkg_ids", FIELD_TEXTS, NULL, NULL},
};
static const struct field_table promotion = FIELD_TABLE(promotion_fields);

static const struct field packaging_option_fields[] = {
    {"code", FIELD_TEXT, NULL, NULL},           {"ean", FIELD_TEXT, NULL, NULL},
    {"is_default", FIELD_BOOLEAN, NULL, NULL},  {"is_sellable", FIELD_BOOLEAN, NULL, NULL},
    {"is_smallest", FIELD_BOOLEAN, NULL, NULL}, {"label", FIELD_LABEL, NULL, NULL},
    {"pkg_id", FIELD_TEXT, NULL, NULL},         {"position", FIELD_NUMBER, NULL, NULL},
    {"pricing", FIELD_OBJECT, &money, NULL},    {"promotions", FIELD_OBJECTS, &promotion, NULL},
    {"qty", FIELD_NUMBER, NULL, NULL},          {"uom", FIELD_TEXT, NULL, NULL},
};
static const struct field_table packaging_option = FIELD_TABLE(packaging_option_fields);

static const struct field packaging_info_fields[] = {
    {"code", FIELD_TEXT, NULL, NULL},          {"description", FIELD_LABEL, NULL, NULL},
    {"is_default", FIELD_BOOLEAN, NULL, NULL}, {"is_smallest", FIELD_BOOLEAN, NULL, NULL},
    {"packaging_id", FIELD_TEXT, NULL, NULL},  {"qty", FIELD_NUMBER, NULL, NULL},
    {"uom", FIELD_TEXT, NULL, NULL},
};
static const struct field_table packaging_info = FIELD_TABLE(packaging_info_fields);

static const struct field image_fields[] = {
    {"cdn_key", FIELD_TEXT, NULL, NULL},      {"file_name", FIELD_TEXT, NULL, NULL},
    {"file_type", FIELD_TEXT, NULL, NULL},    {"position", FIELD_NUMBER, NULL, NULL},
    {"size_bytes", FIELD_NUMBER, NULL, NULL}, {"uploaded_at", FIELD_DATE, NULL, NULL},
    {"uploaded_by", FIELD_TEXT, NULL, NULL},  {"url", FIELD_TEXT, NULL, NULL},
};
static const struct field_table image = FIELD_TABLE(image_fields);

static const struct field media_fields[] = {
    {"file_type", FIELD_TEXT, NULL, NULL},    {"is_external_link", FIELD_BOOLEAN, NULL, NULL},
    {"label", FIELD_LABEL, NULL, NULL},       {"language", FIELD_TEXT, NULL, NULL},
    {"position", FIELD_NUMBER, NULL, NULL},   {"s3_key", FIELD_TEXT, NULL, NULL},
    {"size_bytes", FIELD_NUMBER, NULL, NULL}, {"type", FIELD_TEXT, NULL, NULL},
    {"url", FIELD_TEXT, NULL, NULL},
};
static const struct field_table media = FIELD_TABLE(media_fields);

static const struct field channel_category_fields[] = {
    {"category", FIELD_REFERENCE, &category_fields, NULL},
    {"channel_code", FIELD_TEXT, NULL, NULL},
};
static const struct field_table channel_category = FIELD_TABLE(channel_category_fields);

static const struct field tag_fields[] = {
    {"color", FIELD_TEXT, NULL, NULL},        {"display_order", FIELD_NUMBER, NULL, NULL},
    {"is_active", FIELD_BOOLEAN, NULL, NULL}, {"name", FIELD_LABEL, NULL, NULL},
    {"slug", FIELD_LABEL, NULL, NULL},        {"tag_category", FIELD_TEXT, NULL, NULL},
    {"tag_group", FIELD_TEXT, NULL, NULL},    {"tag_id", FIELD_TEXT, NULL, NULL},
};
static const struct field_table tag = FIELD_TABLE(tag_fields);

/* A member whose type the reference leaves open, such as a value or a snapshot's price, stands in
 * no table. */

static const struct field attribute_fields[] = {
    {"key", FIELD_TEXT, NULL, NULL},
    {"label", FIELD_LABEL, NULL, NULL},
};
static const struct field_table attribute = FIELD_TABLE(attribute_fields);

static const struct field specification_fields[] = {
    {"category", FIELD_LABEL, NULL, NULL}, {"key", FIELD_TEXT, NULL, NULL},
    {"label", FIELD_LABEL, NULL, NULL},    {"order", FIELD_NUMBER, NULL, NULL},
    {"uom", FIELD_TEXT, NULL, NULL},
};
static const struct field_table specification = FIELD_TABLE(specification_fields);

static const struct field meta_fields[] = {
    {"key", FIELD_TEXT, NULL, NULL},
};
static const struct field_table meta = FIELD_TABLE(meta_fields);

static const char *const stock_statuses[] = {"in_stock", "out_of_stock", "pre_order", NULL};
static const char *const product_kinds[] = {"standard", "bookable", "service", NULL};

static const struct field parent_product_fields[] = {
    {"brand", FIELD_REFERENCE, &brand_fields, NULL},
    {"category", FIELD_REFERENCE, &category_fields, NULL},
    {"cover_image_url", FIELD_TEXT, NULL, NULL},
    {"entity_code", FIELD_TEXT, NULL, NULL},
    {"name", FIELD_LABEL, NULL, NULL},
    {"sku", FIELD_TEXT, NULL, NULL},
    {"slug", FIELD_LABEL, NULL, NULL},
};
static const struct field_table parent_product = FIELD_TABLE(parent_product_fields);

static const struct field sibling_fields[] = {
    {"cover_image_url", FIELD_TEXT, NULL, NULL},
    {"entity_code", FIELD_TEXT, NULL, NULL},
    {"is_active", FIELD_BOOLEAN, NULL, NULL},
    {"name", FIELD_LABEL, NULL, NULL},
    {"sku", FIELD_TEXT, NULL, NULL},
    {"stock_status", FIELD_TEXT, NULL, stock_statuses},
};
static const struct field_table sibling = FIELD_TABLE(sibling_fields);

static const struct field product_field_list[] = {
    {"attributes", FIELD_BY_LANGUAGE, &attribute, NULL},
    {"auto_publish_enabled", FIELD_BOOLEAN, NULL, NULL},
    {"brand", FIELD_REFERENCE, &brand_fields, NULL},
    {"category", FIELD_REFERENCE, &category_fields, NULL},
    {"channel_categories", FIELD_OBJECTS, &channel_category, NULL},
    {"channels", FIELD_TEXTS, NULL, NULL},
    {"collections", FIELD_REFERENCES, &collection_fields, NULL},
    {"description", FIELD_MULTILINGUAL, NULL, NULL},
    {"dimension_height", FIELD_NUMBER, NULL, NULL},
    {"dimension_length", FIELD_NUMBER, NULL, NULL},
    {"dimension_uom", FIELD_TEXT, NULL, NULL},
    {"dimension_width", FIELD_NUMBER, NULL, NULL},
    {"ean", FIELD_TEXTS, NULL, NULL},
    {"entity_code", FIELD_TEXT, NULL, NULL},
    {"has_active_promo", FIELD_BOOLEAN, NULL, NULL},
    {"images", FIELD_OBJECTS, &image, NULL},
    {"include_faceting", FIELD_BOOLEAN, NULL, NULL},
    {"is_parent", FIELD_BOOLEAN, NULL, NULL},
    {"item_creation_date", FIELD_DATE, NULL, NULL},
    {"long_description", FIELD_MULTILINGUAL, NULL, NULL},
    {"marketing_features", FIELD_BY_LANGUAGE, NULL, NULL},
    {"media", FIELD_OBJECTS, &media, NULL},
    {"meta", FIELD_OBJECTS, &meta, NULL},
    {"meta_description", FIELD_MULTILINGUAL, NULL, NULL},
    {"meta_title", FIELD_MULTILINGUAL, NULL, NULL},
    {"min_score_threshold", FIELD_NUMBER, NULL, NULL},
    {"name", FIELD_MULTILINGUAL, NULL, NULL},
    {"not_visible", FIELD_BOOLEAN, NULL, NULL},
    {"packaging_info", FIELD_OBJECTS, &packaging_info, NULL},
    {"packaging_options", FIELD_OBJECTS, &packaging_option, NULL},
    {"parent_entity_code", FIELD_TEXT, NULL, NULL},
    {"parent_product", FIELD_OBJECT, &parent_product, NULL},
    {"parent_sku", FIELD_TEXT, NULL, NULL},
    {"price", FIELD_NUMBER, NULL, NULL},
    {"pricing", FIELD_OBJECT, &money, NULL},
    {"product_kind", FIELD_TEXT, NULL, product_kinds},
    {"product_model", FIELD_TEXT, NULL, NULL},
    {"product_status", FIELD_TEXT, NULL, NULL},
    {"product_status_description", FIELD_MULTILINGUAL, NULL, NULL},
    {"product_type", FIELD_REFERENCE, &product_type_fields, NULL},
    {"promo_code", FIELD_TEXTS, NULL, NULL},
    {"promo_type", FIELD_TEXTS, NULL, NULL},
    {"promotions", FIELD_OBJECTS, &promotion, NULL},
    {"quantity", FIELD_NUMBER, NULL, NULL},
    {"required_fields", FIELD_TEXTS, NULL, NULL},
    {"share_images_with_variants", FIELD_BOOLEAN, NULL, NULL},
    {"share_media_with_variants", FIELD_BOOLEAN, NULL, NULL},
    {"short_description", FIELD_MULTILINGUAL, NULL, NULL},
    {"sibling_variants", FIELD_OBJECTS, &sibling, NULL},
    {"sku", FIELD_TEXT, NULL, NULL},
    {"slug", FIELD_MULTILINGUAL, NULL, NULL},
    {"sold", FIELD_NUMBER, NULL, NULL},
    {"stock_status", FIELD_TEXT, NULL, stock_statuses},
    {"synonym_keys", FIELD_TEXTS, NULL, NULL},
    {"tags", FIELD_OBJECTS, &tag, NULL},
    {"technical_specifications", FIELD_BY_LANGUAGE, &specification, NULL},
    {"unit", FIELD_TEXT, NULL, NULL},
    {"variants_entity_code", FIELD_TEXTS, NULL, NULL},
    {"variants_sku", FIELD_TEXTS, NULL, NULL},
    {"volume", FIELD_NUMBER, NULL, NULL},
    {"volume_uom", FIELD_TEXT, NULL, NULL},
    {"weight", FIELD_NUMBER, NULL, NULL},
    {"weight_uom", FIELD_TEXT, NULL, NULL},
};

const struct field_table product_fields = FIELD_TABLE(product_field_list);
