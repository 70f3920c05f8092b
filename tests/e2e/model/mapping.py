"""field_mappings of a source: names, nesting, transforms."""

from model.values import merge, put

YES, NO = {"true", "1", "yes", "si", "sì"}, {"false", "0", "no"}


def number(text):
    """As people write it: 12,5 and 1.234,56 and 12.5. ValueError when it is none."""
    plain = text.replace(" ", "")
    if plain.rfind(",") > plain.rfind("."):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def boolean(text):
    if text.lower() in YES | NO:
        return text.lower() in YES
    raise ValueError(text)


def transformed(value, transform):
    """Transforms read texts; what is none already stays as it is."""
    if transform is None or not isinstance(value, str):
        return value
    if transform.startswith("split:"):
        return [part.strip() for part in value.split(transform[6:]) if part.strip()]
    return {"trim": str.strip, "upper": str.upper, "lower": str.lower, "number": number, "boolean": boolean}[transform](value)


def of(source):
    """The source's mappings in their long form."""
    mappings = source.get("field_mappings", [])
    if isinstance(mappings, dict):
        mappings = [{"source_field": name, "target_field": target} for name, target in mappings.items()]
    return mappings


def apply(mappings, row):
    """(the row under the names of the product's fields, errors)"""
    by_source = {mapping["source_field"]: mapping for mapping in mappings}
    mapped, errors = {}, []
    for field, value in row.items():
        mapping = by_source.get(field, {"target_field": field})
        try:
            value = transformed(value, mapping.get("transform"))
        except ValueError:
            errors.append(("mapping_failed", f"/{field}"))
            continue
        mapped = merge(mapped, put({}, mapping["target_field"], value) if field in by_source else {field: value})
    return mapped, errors


def path_as_it_came(mappings, row, path):
    """A path in the mapped row, as it leads into the row that was sent."""
    for mapping in mappings:
        target = "/" + mapping["target_field"].replace(".", "/")
        if mapping["source_field"] in row and (path == target or path.startswith(target + "/")):
            return f"/{mapping['source_field']}{path[len(target):]}"
    return path
