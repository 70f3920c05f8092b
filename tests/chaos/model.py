"""What a row makes of a document. The load sends simple rows, so this is a small part of the rules, said independently."""

PRODUCT_DEFAULTS = {"channels": ["default"], "unit": "pcs", "product_kind": "standard", "is_parent": True,
                    "include_faceting": True}
CHANNELS = {"acme": "vinc-b2b", "globex": "default"}
SYSTEM_FIELDS = {"_id", "tenant", "version", "isCurrent", "status", "published_at", "completeness_score", "source", "import",
                 "locked_fields", "created_at", "updated_at", "embeds", "public_code"}


def merge(old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: merge(old.get(name), value) for name, value in new.items()}}
    return new


def apply_product(current, row, mode):
    content = merge(current, row) if current and mode == "partial" else row
    return {**PRODUCT_DEFAULTS, "sku": content["entity_code"], **content}


def apply_company(current, row, mode, tenant):
    before = current or {"channel": CHANNELS[tenant]}
    if mode == "replace":
        return {**before, **row}
    tags = list(dict.fromkeys([*before.get("tags", []), *row["tags"]])) if "tags" in row else before.get("tags")
    return {**merge(before, row), **({} if tags is None else {"tags": tags})}


def apply(kind, current, row, mode, tenant):
    if kind == "products":
        return apply_product(current, row, mode)
    return apply_company(current, row, mode, tenant)


def content_of(document):
    return {name: value for name, value in document.items() if name not in SYSTEM_FIELDS}
