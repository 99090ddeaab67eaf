"""What leaves a document before it is kept: secrets and noise for good, volatile parts into a document of their own."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import orjson

from collectors.aws.paths import Step, steps

Document = dict[str, Any]
Change = Callable[[Document], None]

_NOTHING: Any = object()


def remover(paths: Iterable[str]) -> Change | None:
    """Removes what is at the paths; None when there are none."""
    ways = tuple(steps(path) for path in paths)
    if not ways:
        return None

    def remove(document: Document) -> None:
        for way in ways:
            _take(document, way)

    return remove


def emptier(paths: Iterable[str]) -> Change | None:
    """Keeps the names in the maps at the paths and drops their values."""
    ways = tuple(steps(path) for path in paths)
    if not ways:
        return None

    def empty(document: Document) -> None:
        for way in ways:
            _empty(document, way)

    return empty


def _empty(value: Any, way: tuple[Step, ...]) -> None:
    found = value.get(way[0].name) if value.__class__ is dict else None
    for part in found or () if way[0].each else (found,):
        if part.__class__ is not dict:
            continue
        if len(way) > 1:
            _empty(part, way[1:])
        else:
            part.update(dict.fromkeys(part, ""))


def splitter(paths: Iterable[str]) -> Callable[[Document], Document] | None:
    """Moves what is at the paths into a document of the same layout; None when there are none."""
    ways = tuple(steps(path) for path in paths)
    if not ways:
        return None

    def split(document: Document) -> Document:
        volatile: Document = {}
        for way in ways:
            part = _take(document, way)
            if part is not _NOTHING:
                _put(volatile, way, part)
        return volatile

    return split


def _take(value: Any, way: tuple[Step, ...]) -> Any:
    """Removes and returns the part at the end of the way; a list of parts where the way goes through a list."""
    name, each = way[0].name, way[0].each
    if value.__class__ is not dict or name not in value:
        return _NOTHING
    if len(way) == 1:
        return value.pop(name)
    if not each:
        return _take(value[name], way[1:])
    parts = [_take(element, way[1:]) for element in value[name] or ()]
    return [None if part is _NOTHING else part for part in parts] if any(p is not _NOTHING for p in parts) else _NOTHING


def _put(volatile: Document, way: tuple[Step, ...], part: Any) -> None:
    name, each = way[0].name, way[0].each
    if len(way) == 1:
        volatile[name] = part
    elif not each:
        _put(volatile.setdefault(name, {}), way[1:], part)
    else:
        elements = volatile.setdefault(name, [{} for _ in part])
        for element, inner in zip(elements, part, strict=False):
            if inner is not None:
                _put(element, way[1:], inner)


def decoder(paths: Iterable[str]) -> Change | None:
    """Turns URL-encoded JSON text (IAM's policies) into what it says."""
    ways = tuple(steps(path) for path in paths)
    if not ways:
        return None

    def decode(document: Document) -> None:
        for way in ways:
            _decode(document, way)

    return decode


def _decode(value: Any, way: tuple[Step, ...]) -> None:
    name, each = way[0].name, way[0].each
    if value.__class__ is not dict or value.get(name) is None:
        return
    if len(way) > 1:
        for element in value[name] if each else (value[name],):
            _decode(element, way[1:])
    elif each:
        value[name] = [decoded(text) for text in value[name]]
    else:
        value[name] = decoded(value[name])


def decoded(text: Any) -> Any:
    """The value of JSON text, URL-encoded or not; other text only unquoted."""
    if text.__class__ is not str:
        return text  # carried over from an earlier reading
    plain = text if text.lstrip()[:1] in ("{", "[") else unquote(text)
    try:
        found = orjson.loads(plain)
    except ValueError:
        return plain
    return found if isinstance(found, (dict, list)) else plain
