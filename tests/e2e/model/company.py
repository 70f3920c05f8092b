"""What becomes of a company when a row comes (api.md, "Customer rules", and the reference's two merge modes)."""

import re
from dataclasses import dataclass, field

from model import shapes
from model.values import merge

GENERATED = "<generated>"   # a public_code that we make
SYSTEM_FIELDS = {"_id", "tenant", "version", "isCurrent", "import", "created_at", "updated_at"}
ADDRESS_DEFAULTS = {"address_type": "delivery", "postal_code": "", "country": "IT", "is_default": False}
LEGAL_SHAPES = {
    "vat_number": re.compile(r"(IT)?\d{11}|DE\d{9}|ATU\d{8}"),
    "fiscal_code": re.compile(r"\d{11}|[A-Z]{6}\d\d[A-EHLMPR-T]\d\d[A-Z]\d{3}[A-Z]"),
    "pec_email": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
    "sdi_code": re.compile(r"[A-Z0-9]{6,7}"),
}


@dataclass
class Company:
    version: int
    content: dict


@dataclass
class Outcome:
    result: str
    document: Company | None
    errors: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    meets_rule: bool = False


def apply(current, row, *, merge_mode, channel, tenant):
    incoming = {name: value for name, value in row.items() if name not in SYSTEM_FIELDS}
    errors = shapes.wrong(incoming, shapes.COMPANY, tenant["languages"])
    legal_info = incoming.get("legal_info")
    if isinstance(legal_info, dict):
        incoming["legal_info"] = normal_legal_info(legal_info)
        errors += wrong_legal_info(incoming["legal_info"])
    if errors:
        return Outcome("refused", current, errors)
    if incoming.get("public_code") is None:
        incoming.pop("public_code", None)
    before = current.content if current else {"channel": channel or tenant["default_channel"], "public_code": GENERATED}
    content = merge(before, incoming) if merge_mode == "partial" else {**before, **incoming}
    if merge_mode == "partial" and isinstance(incoming.get("tags"), list):
        content["tags"] = list(dict.fromkeys([*(before.get("tags") or []), *incoming["tags"]]))
    warnings = []
    if isinstance(incoming.get("addresses"), list):
        known = before.get("addresses") or [] if merge_mode == "partial" else []
        content["addresses"], warnings = stored_addresses(known, incoming["addresses"])
    document = Company(current.version + 1 if current else 1, content)
    return Outcome("updated" if current else "created", document, warnings=warnings)


def normal_legal_info(legal_info):
    """Upper case; a VAT number also without spaces and dots."""
    normal = dict(legal_info)
    for name in ("vat_number", "fiscal_code", "sdi_code"):
        if isinstance(normal.get(name), str):
            normal[name] = normal[name].upper()
    if isinstance(normal.get("vat_number"), str):
        normal["vat_number"] = re.sub(r"[ .]", "", normal["vat_number"])
    return normal


def wrong_legal_info(legal_info):
    return [(f"{name}_invalid", f"/legal_info/{name}") for name, shape in LEGAL_SHAPES.items()
            if isinstance(legal_info.get(name), str) and not shape.fullmatch(legal_info[name])]


def stored_addresses(known, incoming):
    """Addresses are matched by their external_code; without street, city and province none is stored."""
    addresses, warnings = list(known), []
    for at, sent in enumerate(incoming):
        code = sent.get("external_code")
        place = next((i for i, address in enumerate(addresses) if code and address.get("external_code") == code), None)
        address = merge(addresses[place] if place is not None else ADDRESS_DEFAULTS, sent)
        complete = all(address.get(name) for name in ("street_address", "city", "province"))
        if not complete:
            warnings.append(("address_dropped", f"/addresses/{at}"))
        elif not code and "tag_overrides" in address:
            del address["tag_overrides"]
            warnings.append(("tag_overrides_ignored", f"/addresses/{at}/tag_overrides"))
        place = len(addresses) if place is None else place
        addresses[place:place + 1] = [address] if complete else []
    return addresses, warnings
