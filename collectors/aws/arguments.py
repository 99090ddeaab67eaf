"""Arguments of a call, made from one document or from many at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from collectors.aws.templates import PLACE_NAMES, maker, template

Document = dict[str, Any]
Place = Mapping[str, str]
Value = Callable[[Document, Place], Any]

NOTHING: Any = object()
"""A field of a template has no value: the call cannot be made for this document."""


class Arguments:
    """Compiled from the catalog: constants, templates, and at most one list of a template that takes many documents."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._values = {name: _value(value) for name, value in args.items()}
        self._constant = not any(_fields_of(value) for value in args.values())
        self._list = next((name for name, value in args.items() if _is_list(value)), "")
        self._each = _value(args[self._list][0]) if self._list else None

    @property
    def constant(self) -> bool:
        """Whether the call is the same for every document."""
        return self._constant

    def one(self, document: Document, place: Place) -> dict[str, Any] | None:
        """None when a field has no value."""
        found = {name: value(document, place) for name, value in self._values.items()}
        return None if NOTHING in found.values() else found

    def many(self, documents: Iterable[Document], place: Place, size: int) -> Iterator[dict[str, Any]]:
        """Calls for up to `size` documents each, nothing asked twice; documents without a value are left out."""
        different: dict[str, Document] = {}
        for document in documents:
            made = self.one(document, place)
            if made is not None:
                different.setdefault(repr(made), document)
        for found, _ in self.grouped(different.values(), place, size):
            yield found

    def grouped(
        self, documents: Iterable[Document], place: Place, size: int
    ) -> Iterator[tuple[dict[str, Any], list[Document]]]:
        """As `many`, with the documents that each call is for; calls differ in what else they are asked with."""
        groups: dict[str, tuple[dict[str, Any], dict[Any, None], list[Document]]] = {}
        for document in documents:
            others = {name: make(document, place) for name, make in self._values.items() if name != self._list}
            value = self._each(document, place) if self._each is not None else None
            if value is NOTHING or NOTHING in others.values():
                continue
            key = repr(others)
            group = groups.setdefault(key, (others, {}, []))
            group[1][value] = None
            group[2].append(document)
            if max(len(group[1]), len(group[2]) if self._each is None else 0) >= size:
                yield self._call(*groups.pop(key))
        for group in groups.values():
            yield self._call(*group)

    def _call(
        self, others: dict[str, Any], values: dict[Any, None], documents: list[Document]
    ) -> tuple[dict[str, Any], list[Document]]:
        return ({**others, self._list: list(values)} if self._list else others), documents


def _fields_of(value: Any) -> bool:
    """Whether any text in it has a field that the document fills."""
    if isinstance(value, str):
        return any(name not in PLACE_NAMES for name in template(value).names())
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_fields_of(part) for part in parts)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and bool(template(value[0]).fields)


def _value(value: Any) -> Value:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        parts = tuple(_value(part) for part in value)
        return lambda document, place: _whole([part(document, place) for part in parts])
    if isinstance(value, dict):
        members = {name: _value(part) for name, part in value.items()}
        return lambda document, place: _whole({name: part(document, place) for name, part in members.items()})
    return lambda document, place: value


def _whole(value: Any) -> Any:
    parts = value.values() if isinstance(value, dict) else value
    return NOTHING if any(part is NOTHING for part in parts) else value


def _text(text: str) -> Value:
    if not template(text).fields:
        return lambda document, place: text
    make = maker(text)
    return lambda document, place: make(document, place) or NOTHING
