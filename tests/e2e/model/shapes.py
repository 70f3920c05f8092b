"""The types of the reference's fields, and what a value of another type is told."""

import re

TEXT, NUMBER, FLAG, DATE, OBJECT, REFERENCE = "text", "number", "flag", "date", "object", "reference"
TEXTS_BY_LANGUAGE, LISTS_BY_LANGUAGE = "texts by language", "lists by language"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")


def list_of(shape):
    return ["list", shape]


def one_of(*texts):
    return ["one of", texts]


PRICES = {"list": NUMBER, "retail": NUMBER, "sale": NUMBER, "currency": TEXT, "vat_rate": NUMBER, "vat_included": FLAG}

PROMOTION = {"promo_code": TEXT, "promo_type": TEXT, "is_active": FLAG, "start_date": DATE, "end_date": DATE}

PRODUCT = {
    **dict.fromkeys(("entity_code", "sku", "product_model", "product_status", "unit", "weight_uom", "volume_uom",
                     "dimension_uom", "parent_sku", "parent_entity_code"), TEXT),
    **dict.fromkeys(("price", "quantity", "sold", "weight", "volume", "dimension_height", "dimension_width",
                     "dimension_length", "min_score_threshold"), NUMBER),
    **dict.fromkeys(("is_parent", "include_faceting", "share_images_with_variants", "share_media_with_variants",
                     "not_visible", "auto_publish_enabled", "has_active_promo"), FLAG),
    **dict.fromkeys(("name", "slug", "description", "short_description", "long_description", "meta_title",
                     "meta_description", "product_status_description"), TEXTS_BY_LANGUAGE),
    **dict.fromkeys(("attributes", "marketing_features", "technical_specifications"), LISTS_BY_LANGUAGE),
    **dict.fromkeys(("channels", "ean", "synonym_keys", "variants_sku", "variants_entity_code", "required_fields",
                     "promo_code", "promo_type"), list_of(TEXT)),
    **dict.fromkeys(("brand", "category", "product_type"), REFERENCE),
    "collections": list_of(REFERENCE),
    "images": list_of({"url": TEXT, "position": NUMBER}),
    "media": list_of({"type": TEXT, "url": TEXT, "position": NUMBER, "is_external_link": FLAG}),
    "tags": list_of(OBJECT),
    "meta": list_of(OBJECT),
    "pricing": PRICES,
    "packaging_options": list_of({"qty": NUMBER, "is_default": FLAG, "pricing": PRICES, "promotions": list_of(PROMOTION)}),
    "promotions": list_of(PROMOTION),
    "stock_status": one_of("in_stock", "out_of_stock", "pre_order"),
    "product_kind": one_of("standard", "bookable", "service"),
    "item_creation_date": DATE,
}

ADDRESS = {
    **dict.fromkeys(("external_code", "label", "recipient_name", "street_address", "street_address_2", "city", "province",
                     "postal_code", "phone", "delivery_notes", "country"), TEXT),
    "address_type": one_of("delivery", "billing", "both"),
    "is_default": FLAG,
    "tag_overrides": list_of(TEXT),
}

COMPANY = {
    **dict.fromkeys(("external_code", "public_code", "channel", "company_name", "first_name", "last_name", "email",
                     "phone"), TEXT),
    "customer_type": one_of("business", "private", "reseller"),
    "legal_info": {"vat_number": TEXT, "fiscal_code": TEXT, "pec_email": TEXT, "sdi_code": TEXT},
    "tags": list_of(TEXT),
    "addresses": list_of(ADDRESS),
}


def is_keyed_by_language(value, languages):
    """All keys are 2-letter codes, and one of them is a language of the tenant; a feed may have more than the tenant."""
    return isinstance(value, dict) and all(re.fullmatch("[a-z][a-z]", code) for code in value) and (
        not value or any(code in languages for code in value))


def is_plain(value, shape):
    if shape == NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {TEXT: str, FLAG: bool, OBJECT: dict, DATE: str, REFERENCE: (str, dict)}[shape])


def wrong(value, shape, languages, path=""):
    """[(code, path)] of everything in the value that is not as the shape says. null is right everywhere."""
    if value is None:
        return []
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [("wrong_type", path)]
        return [fault for name in value if name in shape
                for fault in wrong(value[name], shape[name], languages, f"{path}/{name}")]
    if shape in (TEXTS_BY_LANGUAGE, LISTS_BY_LANGUAGE):
        if isinstance(value, str) and shape == TEXTS_BY_LANGUAGE:
            return []
        if not is_keyed_by_language(value, languages):
            return [("wrong_type", path)]
        kind = str if shape == TEXTS_BY_LANGUAGE else list
        return [("wrong_type", f"{path}/{code}") for code, inner in value.items() if not isinstance(inner, (kind, type(None)))]
    if shape[0] == "list":
        if not isinstance(value, list):
            return [("wrong_type", path)]
        return [fault for at, item in enumerate(value) for fault in wrong(item, shape[1], languages, f"{path}/{at}")]
    if shape[0] == "one of":
        if not isinstance(value, str):
            return [("wrong_type", path)]
        return [] if value in shape[1] else [("wrong_value", path)]
    good = is_plain(value, shape) and (shape != DATE or ISO_DATE.fullmatch(value))
    return [] if good else [("wrong_type", path)]
