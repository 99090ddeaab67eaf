"""Lists whose order means nothing are put into one order, so that a shuffled answer is no change."""

from collections.abc import Callable, Collection
from typing import Any

import orjson
from botocore.model import ListShape, Shape, StructureShape

from collectors.aws.outline import Outline, members
from collectors.aws.paths import getter, plain_path

Sort = Callable[[Any], None]

_ENDINGS = ("arn", "id", "name", "key", "device", "address", "cidr", "type")


def sorts(outline: Outline, ordered: Collection[str]) -> tuple[tuple[str, Sort], ...]:
    """Per top-level key what puts its lists in order, in place."""
    fixed = frozenset(plain_path(path) for path in ordered)
    found = ((key, _sort(shape, key, fixed, frozenset())) for key, shape in outline.roots.items() if shape is not None)
    return tuple((key, sort) for key, sort in found if sort is not None)


def _sort(shape: Shape, path: str, fixed: frozenset[str], above: frozenset[str]) -> Sort | None:
    if isinstance(shape, ListShape):
        return _list(shape, path, fixed, above)
    if not isinstance(shape, StructureShape) or shape.name in above:
        return None
    inside = above | {shape.name}
    parts = [(key, _sort(member, f"{path}.{key}", fixed, inside)) for key, member in members(shape).items()]
    inner = tuple((key, sort) for key, sort in parts if sort is not None)
    if not inner:
        return None

    def structure(value: Any) -> None:
        for key, sort in inner:
            part = value.get(key)
            if part:
                sort(part)

    return structure


def _list(shape: ListShape, path: str, fixed: frozenset[str], above: frozenset[str]) -> Sort | None:
    inner = _sort(shape.member, path, fixed, above)
    if path in fixed:
        return None if inner is None else _each(inner)
    if not isinstance(shape.member, StructureShape):
        return _elements(_dumped, inner)
    return _elements(_key(shape.member), inner)


def _each(inner: Sort) -> Sort:
    def each(values: Any) -> None:
        for value in values:
            inner(value)

    return each


def _elements(key: Callable[[Any], Any], inner: Sort | None) -> Sort:
    def elements(values: Any) -> None:
        if inner is not None:
            for value in values:
                inner(value)
        if len(values) < 2:
            return
        try:
            values.sort() if values[0].__class__ is str else values.sort(key=key)
        except TypeError:  # a null among the texts
            values.sort(key=_dumped)

    return elements


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _key(shape: StructureShape) -> Callable[[Any], Any]:
    """By what names an element, so that a change elsewhere in it does not move it; then by all of it."""
    names = (
        _names(shape)[:2] or [f"{key}.{name}" for key, member in members(shape).items() for name in _names(member)][:2]
    )
    if not names:
        return _dumped
    first, second = getter(names[0]), getter(names[-1])

    def key(value: Any) -> tuple[str, str, bytes]:
        return first(value) or "", second(value) or "", _dumped(value)

    return key


def _names(shape: Shape) -> list[str]:
    texts = [key for key, member in members(shape).items() if member.type_name == "string"]
    return [key for ending in _ENDINGS for key in texts if key == ending or key.endswith(f"_{ending}")]
