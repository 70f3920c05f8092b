"""JSON values: where they stand, whether they are the same, whether they hold something."""

NOTHING = object()


def find(document, path):
    """The value at a dotted path through objects, or NOTHING."""
    value = document
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return NOTHING
        value = value[name]
    return value


def put(document, path, value):
    """A copy of the document with this value at a dotted path; what stands in the way of its parents gives way."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**document, name: value}
    inner = document.get(name)
    return {**document, name: put(inner if isinstance(inner, dict) else {}, rest, value)}


def merge(current, incoming):
    """Objects key by key; everything else, null and lists too, is replaced."""
    merged = dict(current)
    for name, value in incoming.items():
        here = current.get(name)
        merged[name] = merge(here, value) if isinstance(here, dict) and isinstance(value, dict) else value
    return merged


def holds_something(value):
    """False for what is absent, null or empty, and for what holds nothing else."""
    if isinstance(value, dict):
        return any(holds_something(inner) for inner in value.values())
    if isinstance(value, list):
        return any(holds_something(inner) for inner in value)
    return value is not NOTHING and value is not None and value != ""


def same(one, other):
    """Equal as JSON: the order of members does not count, 1 and 1.0 are the same number, true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
