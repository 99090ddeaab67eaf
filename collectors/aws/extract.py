"""Finds the items of a list, and the part that a facet takes, in the document of an answer."""

from collections.abc import Callable
from typing import Any

from collectors.aws.entries import KindEntry
from collectors.aws.outline import snake
from collectors.aws.paths import getter, steps
from syncd.errors import Failed

Document = dict[str, Any]


def extractor(entry: KindEntry, *, inside: bool = False) -> Callable[[Document], list[Document]]:
    """The items of one answer as documents: with what is lifted from above, or under `item` where they are text.

    `inside`: they are parts of the documents of another kind, which must not change with them.
    """
    if entry.single:
        return _single(entry)
    way = tuple((snake(step.name), step.each) for step in steps(entry.path))
    lifts = tuple((key, snake(member)) for key, member in entry.lift.items())
    item = entry.item
    if len(way) == 1 and not lifts and not item:
        return _plain(way[0][0], entry.kind, f"{entry.call.service}:{entry.call.operation}")

    def extract(page: Document) -> list[Document]:
        found: list[tuple[Any, Document]] = []
        _collect(page, way, lifts, {}, found)
        if item:
            return [{item: text, **above} for text, above in found]
        return [_filled(entry, document, above, inside) for document, above in found]

    return extract


def _filled(entry: KindEntry, document: Any, above: Document, inside: bool) -> Document:
    if document.__class__ is not dict:
        operation = f"{entry.call.service}:{entry.call.operation}"
        raise Failed(f"{entry.kind}: expected an item, found {str(document)[:60]!r}", operation=operation)
    own: Document = document.copy() if inside else document
    for key, value in above.items():
        own.setdefault(key, value)
    return own


def _single(entry: KindEntry) -> Callable[[Document], list[Document]]:
    """The one resource that an answer tells of, under `item`."""
    get, item = getter(_snake(entry.path)), entry.item

    def extract(page: Document) -> list[Document]:
        found = get(page)
        return [{item: found}] if isinstance(found, dict) else []

    return extract


def empty_answer(path: str) -> Document:
    """An answer whose part at `path` is there, and empty."""
    answer: Document = {}
    for step in reversed(steps(path)):
        answer = {snake(step.name): answer}
    return answer


def _snake(path: str) -> str:
    return ".".join(snake(step.name) for step in steps(path))


def _plain(name: str, kind: str, operation: str) -> Callable[[Document], list[Document]]:
    def extract(page: Document) -> list[Document]:
        found: list[Document] = page.get(name) or []
        for document in found:
            if document.__class__ is not dict:
                raise Failed(f"{kind}: expected an item, found {str(document)[:60]!r}", operation=operation)
        return found

    return extract


def _collect(
    value: Any,
    way: tuple[tuple[str, bool], ...],
    lifts: tuple[tuple[str, str], ...],
    above: Document,
    found: list[tuple[Any, Document]],
) -> None:
    if not way:
        found.append((value, above))
        return
    if value.__class__ is not dict:
        return
    if lifts:
        above = {**above, **{key: value[member] for key, member in lifts if member in value}}
    name, each = way[0]
    part = value.get(name)
    for element in (part or ()) if each else (part,):
        _collect(element, way[1:], lifts, above, found)


def taker(take: str, member: str) -> Callable[[Document], Any]:
    """What is at `take` of an answer; of each of its items the member, where one is named and take is no list."""
    path = ".".join(snake(step.name) + ("[]" if step.each else "") for step in steps(take)) if take else ""
    inner = snake(member) if member else ""
    if not path:
        return (lambda answer: answer.get(inner)) if inner else (lambda answer: answer)
    get = getter(path)
    if not inner or path.endswith("[]"):
        return get
    return lambda answer: (get(answer) or {}).get(inner)
