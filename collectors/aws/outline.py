"""Walks botocore's shapes the way documents will look: structure members in snake_case, keys of maps as they are."""

from collections.abc import Mapping
from functools import lru_cache

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from msgspec import Struct, field

from collectors.aws.paths import Step, steps
from collectors.aws.tables import nearest

KEY_MEMBERS = frozenset({"key", "tag_key"})
VALUE_MEMBERS = frozenset({"value", "tag_value"})
TAG_MEMBERS = ("tags", "tag_set", "tag_list", "resource_tags", "hosted_zone_tags", "tag")
PAGING_MEMBERS = frozenset({"next_token", "marker", "next_marker", "is_truncated", "pagination_token"})


class UnknownName(ValueError):
    """A path names something that the model does not have."""


@lru_cache(maxsize=16384)
def snake(name: str) -> str:
    return str(xform_name(name))


def members(shape: Shape | None) -> dict[str, Shape]:
    """Document key → shape of a structure's members."""
    return {snake(name): member for name, member in shape.members.items()} if isinstance(shape, StructureShape) else {}


def element(shape: Shape | None) -> Shape | None:
    return shape.member if isinstance(shape, ListShape) else None


def follow_output(shape: Shape | None, path: str) -> Shape:
    """The shape at a path of PascalCase members, as in list calls and `take`. Raises UnknownName."""
    for step in steps(path) if path else ():
        if not isinstance(shape, StructureShape) or step.name not in shape.members:
            known = list(shape.members) if isinstance(shape, StructureShape) else []
            raise UnknownName(f"unknown member {step.name}{nearest(step.name, known)}")
        shape = _each(shape.members[step.name], step)
    if shape is None:
        raise UnknownName("the operation has no output")
    return shape


def _each(shape: Shape, step: Step) -> Shape:
    if not step.each:
        return shape
    if not isinstance(shape, ListShape):
        raise UnknownName(f"{step.name} is no list, but {shape.type_name}")
    return shape.member


class Outline(Struct, frozen=True):
    """What a document can hold: its top-level keys with their shapes; None is text made by the engine."""

    roots: Mapping[str, Shape | None] = field(default_factory=dict)

    def at(self, path: str) -> Shape | None:
        """The shape at a document path. Raises UnknownName with the nearest key."""
        first, *rest = steps(path)
        if first.name not in self.roots:
            raise UnknownName(f"unknown key {first.name}{nearest(first.name, self.roots)}")
        shape = self.roots[first.name]
        if shape is not None:
            shape = _each(shape, first)
        elif first.each:
            raise UnknownName(f"{first.name} is no list, but string")
        for step in rest:
            shape = _inner(shape, step)
        return shape

    def __or__(self, other: "Outline") -> "Outline":
        return Outline({**self.roots, **other.roots})


def _inner(shape: Shape | None, step: Step) -> Shape | None:
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_document_type", False):
            return None
        known = members(shape)
        if step.name not in known:
            raise UnknownName(f"unknown key {step.name}{nearest(step.name, known)}")
        return _each(known[step.name], step)
    if isinstance(shape, MapShape):
        allowed = getattr(shape.key, "enum", None)
        if allowed and step.name not in allowed:
            hint = nearest(step.name, allowed)
            raise UnknownName(f"unknown key {step.name}{hint} (keys of maps stay as they are)")
        return _each(shape.value, step)
    if isinstance(shape, ListShape):
        raise UnknownName(f"before {step.name} is a list: write [] after its name")
    raise UnknownName(f"{step.name} is asked of a {shape.type_name if shape is not None else 'string'}")


def tag_names(shape: Shape | None) -> tuple[str, str] | None:
    """The document keys of a tag's key and value when `shape` is a list of tags; ("", "") for a map of strings."""
    if isinstance(shape, MapShape):
        return ("", "") if shape.value.type_name == "string" else None
    inner = element(shape)
    if not isinstance(inner, StructureShape):
        return None
    known = members(inner)
    keys = [name for name in known if name in KEY_MEMBERS]
    values = [name for name in known if name in VALUE_MEMBERS]
    return (keys[0], values[0]) if len(keys) == 1 and len(values) == 1 else None


def tags_key(outline: Outline) -> str:
    """The top-level document key that holds the tags, found by name and shape, or ""."""
    for name in TAG_MEMBERS:
        if name in outline.roots and tag_names(outline.roots[name]) is not None:
            return name
    return ""
