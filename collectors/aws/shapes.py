"""Questions about a shape of the provider's model that every reader asks."""

from botocore.model import Shape

Skip = frozenset[tuple[str, ...]]
"""Paths in snake_case of what is never built; lists and maps are transparent, a last `*` drops only a map's values."""

EVERY_VALUE = ("*",)


def beneath(skip: Skip, name: str) -> Skip:
    """The part of `skip` that applies within the member `name`."""
    if not skip:
        return skip
    return frozenset(path[1:] for path in skip if len(path) > 1 and path[0] == name)


def is_dropped(shape: Shape) -> bool:
    """Bytes and event streams have no place in a document, nor have lists and maps of them."""
    if shape.type_name == "blob" or shape.serialization.get("eventstream"):
        return True
    if shape.type_name == "list":
        return is_dropped(shape.member)
    return shape.type_name == "map" and is_dropped(shape.value)


def is_free(shape: Shape) -> bool:
    """A member that may hold any JSON."""
    return bool(shape.metadata.get("document") or shape.serialization.get("jsonvalue"))


def is_deep(shape: Shape, above: frozenset[str] = frozenset()) -> bool:
    """True when nothing in the model limits how deep an answer is nested."""
    if is_free(shape) or shape.name in above:
        return True
    inside = above | {shape.name}
    if shape.type_name == "structure":
        return any(is_deep(member, inside) for member in shape.members.values())
    if shape.type_name == "list":
        return is_deep(shape.member, inside)
    return shape.type_name == "map" and is_deep(shape.value, inside)
