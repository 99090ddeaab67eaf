"""Paths into documents, read once and compiled to small functions."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

Document = dict[str, Any]
Getter = Callable[[Document], Any]


class Step(Struct, frozen=True):
    """One member on a path; `each` goes on with every element of the list found there."""

    name: str
    each: bool = False


def steps(path: str) -> tuple[Step, ...]:
    """`a.b[].c` → a, each b, c. Raises ValueError for an empty member name."""
    found = tuple(Step(part.removesuffix("[]"), part.endswith("[]")) for part in path.split("."))
    if not all(step.name for step in found):
        raise ValueError(f"not a path: {path!r}")
    return found


def getter(path: str) -> Getter:
    """What is at `path` in a document: one value (None when absent), or a flat list when the path has []."""
    way = steps(path)
    if len(way) == 1 and not way[0].each:
        name = way[0].name
        return lambda document: document.get(name)
    if any(step.each for step in way):
        return lambda document: list(_all(document, way))
    names = tuple(step.name for step in way)

    def get(document: Document) -> Any:
        value: Any = document
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return get


def _all(value: Any, way: tuple[Step, ...]) -> Iterator[Any]:
    for index, step in enumerate(way):
        value = value.get(step.name) if isinstance(value, dict) else None
        if value is None:
            return
        if step.each:
            for element in value if isinstance(value, list) else ():
                yield from _all(element, way[index + 1 :])
            return
    yield value


def plain_path(path: str) -> str:
    """A path without its list marks: how paths are compared."""
    return path.replace("[]", "")
