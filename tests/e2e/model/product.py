"""What becomes of a product when a row comes (api.md and the reference, "Processing rules")."""

from dataclasses import dataclass, field, replace

from model import mapping, shapes
from model.values import NOTHING, find, holds_something, merge, put, same

SYSTEM_FIELDS = {"_id", "tenant", "version", "isCurrent", "status", "published_at", "completeness_score", "source", "import",
                 "locked_fields", "created_at", "updated_at", "packaging_prices",
                 "embeds"}
MULTILINGUAL = [name for name, shape in shapes.PRODUCT.items() if shape == shapes.TEXTS_BY_LANGUAGE]
PUBLISHING = ("auto_publish_enabled", "min_score_threshold", "required_fields")


@dataclass
class Product:
    """A version. `published` names the version with which it became published; None: a draft."""
    version: int
    content: dict
    score: int
    published: int | None
    locked_fields: list = field(default_factory=list)


@dataclass
class Outcome:
    result: str                     # created, updated, unchanged, refused
    document: Product | None        # what is current afterwards
    errors: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    meets_rule: bool = False        # counted as auto_published


def code_of(mapped):
    return mapped.get("sku") if mapped.get("entity_code") is None else mapped["entity_code"]


def apply(current, row, *, source, merge_mode, tenant):
    mappings = mapping.of(source)
    mapped, errors = mapping.apply(mappings, row)
    incoming = {name: value for name, value in mapped.items() if name not in SYSTEM_FIELDS}
    errors += [(code, mapping.path_as_it_came(mappings, row, path))
               for code, path in shapes.wrong(incoming, shapes.PRODUCT, tenant["languages"])]
    code = code_of(mapped)
    if code is None:
        errors.append(("code_missing", ""))
    if errors:
        return Outcome("refused", current, errors)
    for name in MULTILINGUAL:
        if isinstance(incoming.get(name), str):
            incoming[name] = {tenant["default_language"]: incoming[name]}
    incoming["entity_code"] = code
    content = relocked(current, merged(current, incoming, merge_mode), source)
    if current and merge_mode == "partial" and "is_parent" not in incoming and is_variant(content) != is_variant(current.content):
        content = {**content, "is_parent": not is_variant(content)}
    content = {**content, **promo_fields(current, content, incoming)}
    content = with_defaults(relocked(current, content, source))
    outcome = versioned(current, content, source, asks_for_draft=mapped.get("status") == "draft")
    if incoming.get("is_parent") is False and not is_variant(content):
        outcome.warnings.append(("parent_missing", mapping.path_as_it_came(mappings, row, "/is_parent")))
    return outcome


def merged(current, incoming, merge_mode):
    if current is None:
        return incoming
    if merge_mode == "replace":
        kept = {name: current.content[name] for name in PUBLISHING if name in current.content}
        return {**kept, **incoming}
    content = merge(current.content, incoming)
    if isinstance(incoming.get("media"), list) and isinstance(current.content.get("media"), list):
        types = [item.get("type") for item in incoming["media"]]
        others = [item for item in current.content["media"] if item.get("type") not in types]
        content["media"] = others + incoming["media"]
    return content


def relocked(current, content, source):
    """Locked paths keep the values they have; those without a value may be set."""
    if current is None:
        return content
    for path in {*current.locked_fields, *source.get("locked_fields", [])}:
        value = find(current.content, path)
        if value is not NOTHING:
            content = put(content, path, value)
    return content


def is_variant(content):
    return bool(content.get("parent_entity_code") or content.get("parent_sku"))


def promo_fields(current, content, incoming):
    """What follows from all promotions when a row brings some: the product's first, then those of its packagings."""
    if not {"promotions", "packaging_options"} & incoming.keys():
        return {}
    promotions = list(content.get("promotions") or [])
    for packaging in content.get("packaging_options") or []:
        promotions += packaging.get("promotions") or []
    found = {name: list(dict.fromkeys(promotion[name] for promotion in promotions if promotion.get(name)))
             for name in ("promo_code", "promo_type")}
    found["has_active_promo"] = any(promotion.get("is_active") is not False for promotion in promotions)
    known = current.content if current else {}
    return {name: value for name, value in found.items() if name not in incoming and (promotions or name in known)}


def with_defaults(content):
    defaults = {"sku": content["entity_code"], "channels": ["default"], "unit": "pcs", "product_kind": "standard",
                "is_parent": not is_variant(content), "include_faceting": True}
    return {**defaults, **content}


def completeness(content):
    def has(*paths):
        return any(holds_something(find(content, path)) for path in paths)
    return (20 * has("name") + 20 * has("description") + 20 * has("price", "pricing.list") + 20 * has("images") +
            10 * has("brand") + 10 * has("category"))


def meets_publish_rule(content, score, source):
    def setting(name, otherwise):
        for value in (content.get(name), source.get(name)):
            if value is not None:
                return value
        return otherwise
    required = [*(content.get("required_fields") or []), *(source.get("required_fields") or [])]
    return (setting("auto_publish_enabled", False) and score >= setting("min_score_threshold", 80) and
            all(holds_something(find(content, path)) for path in required))


def versioned(current, content, source, asks_for_draft):
    score = completeness(content)
    meets_rule = meets_publish_rule(content, score, source)
    asks_for_draft = asks_for_draft or content.get("auto_publish_enabled") is False
    number = current.version + 1 if current else 1
    published = current.published if current and (meets_rule or not asks_for_draft) else None
    if meets_rule and published is None:
        published = number
    if current and source.get("unchanged") == "skip" and same(content, current.content) and published == current.published:
        return Outcome("unchanged", current, meets_rule=meets_rule)
    document = Product(number, content, score, published, current.locked_fields if current else [])
    return Outcome("updated" if current else "created", document, meets_rule=meets_rule)


def lock(current, paths):
    return replace(current, locked_fields=paths)
