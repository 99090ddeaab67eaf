"""Templates of the catalog, such as `ec2:{region}:{account}:volume/{volume_id}`, compiled to small functions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from collectors.aws.paths import Document, getter

Maker = Callable[[Document, Mapping[str, str]], str]
Make = Callable[[Document], str]
Prepared = Callable[[Mapping[str, str]], Make]

PLACE_NAMES = frozenset({"account", "region", "partition"})
_OWN = "."  # before a name: the document's own key, where it is called like a part of the place
_FIELD = re.compile(r"\{([^{}]*)\}")


class Field(Struct, frozen=True):
    """`{owner_id|account}` or `{load_balancer_arn|tail}`: the first name that has a value, and what is made of it."""

    names: tuple[str, ...]
    filters: tuple[str, ...] = ()


class Template(Struct, frozen=True):
    """Text with fields: `texts` has one element more than `fields`."""

    texts: tuple[str, ...]
    fields: tuple[Field, ...]

    def names(self) -> Iterator[str]:
        for field in self.fields:
            yield from (name.removeprefix(_OWN) for name in field.names)

    @property
    def plain(self) -> str:
        """The name when the template is `{name}` and nothing else, or ""."""
        single = len(self.fields) == 1 and self.texts == ("", "") and not self.fields[0].filters
        return self.fields[0].names[0] if single and len(self.fields[0].names) == 1 else ""


def template(text: str) -> Template:
    """Raises ValueError for braces that do not match or an empty field."""
    parts = _FIELD.split(text)
    texts, inner = tuple(parts[0::2]), parts[1::2]
    if any("{" in part or "}" in part for part in texts) or not all(part.strip("|") for part in inner):
        raise ValueError(f"not a template: {text!r}")
    return Template(texts, tuple(_field(part) for part in inner))


def _field(text: str) -> Field:
    parts = text.split("|")
    names = tuple(part for part in parts if part not in FILTERS)
    return Field(names or (parts[0],), tuple(part for part in parts[1:] if part in FILTERS))


def tail(text: str) -> str:
    """What follows the last "/" or ":"."""
    return text[max(text.rfind("/"), text.rfind(":")) + 1 :]


def host(text: str) -> str:
    """A host name as it is compared: lower case, without the last dot and the prefix of dual-stack aliases."""
    return text.lower().rstrip(".").removeprefix("dualstack.")


def unslashed(text: str) -> str:
    """A path without its first "/", as ARNs of parameters spell it."""
    return text.removeprefix("/")


FILTERS: Mapping[str, Callable[[str], str]] = {
    "tail": tail,
    "lower": str.lower,
    "host": host,
    "unslashed": unslashed,
}


def maker(text: str, place_names: frozenset[str] = PLACE_NAMES) -> Maker:
    """Makes the text of a template from a document and a place; "" when a field has no value.

    Names in `place_names` are looked up in the place, all others in the document.
    """
    parsed = template(text)
    if not parsed.fields:
        return lambda document, place: text
    fields = tuple(_maker(field, place_names) for field in parsed.fields)
    first, rest = parsed.texts[0], parsed.texts[1:]
    if len(fields) == 1:
        only, last = fields[0], rest[0]

        def one(document: Document, place: Mapping[str, str]) -> str:
            value = only(document, place)
            return f"{first}{value}{last}" if value else ""

        return one
    pairs = tuple(zip(fields, rest, strict=True))

    def make(document: Document, place: Mapping[str, str]) -> str:
        parts = [first]
        for field, after in pairs:
            value = field(document, place)
            if not value:
                return ""
            parts += (value, after)
        return "".join(parts)

    return make


def prepare(text: str) -> Prepared:
    """As `maker`, in two steps: a place once, then documents, with nothing done twice for the same place."""
    parsed = template(text)
    count = 0
    while count < len(parsed.fields) and _of_place(parsed.fields[count]):
        count += 1
    names = tuple(field.names[0] for field in parsed.fields[:count])
    texts, rest, after = parsed.texts[: count + 1], parsed.fields[count:], parsed.texts[count + 1 :]
    makers = tuple(_maker(field, PLACE_NAMES) for field in rest)
    key = rest[0].names[0] if len(rest) == 1 and _is_key(rest[0]) else ""

    def at(place: Mapping[str, str]) -> Make:
        head = texts[0] + "".join(place[name] + after for name, after in zip(names, texts[1:], strict=True))
        if not rest:
            return lambda document: head
        if key:
            return _keyed(head, key, after[0])
        return _joined(head, tuple(zip(makers, after, strict=True)), place)

    return at


def _of_place(field: Field) -> bool:
    return field.names[0] in PLACE_NAMES and not field.filters


def _is_key(field: Field) -> bool:
    name = field.names[0]
    return len(field.names) == 1 and not field.filters and name.isidentifier()


def _keyed(head: str, key: str, last: str) -> Make:
    def make(document: Document) -> str:
        value = document.get(key)
        if value.__class__ is str:
            return f"{head}{value}{last}" if value else ""
        text = _spelled(value)
        return f"{head}{text}{last}" if text else ""

    return make


def _joined(head: str, parts: tuple[tuple[Maker, str], ...], place: Mapping[str, str]) -> Make:
    def make(document: Document) -> str:
        found = [head]
        for field, after in parts:
            value = field(document, place)
            if not value:
                return ""
            found += (value, after)
        return "".join(found)

    return make


def _maker(field: Field, place_names: frozenset[str]) -> Maker:
    getters = tuple(_value(name, place_names) for name in field.names)

    def first(document: Document, place: Mapping[str, str]) -> str:
        for get in getters:
            value = get(document, place)
            if value:
                return value
        return ""

    chosen = getters[0] if len(getters) == 1 else first
    for name in field.filters:
        chosen = _filtered(chosen, FILTERS[name])
    return chosen


def _filtered(make: Maker, change: Callable[[str], str]) -> Maker:
    return lambda document, place: change(make(document, place))


def _value(name: str, place_names: frozenset[str]) -> Maker:
    if name in place_names:
        return lambda document, place: place[name]
    get = getter(name.removeprefix(_OWN))

    return lambda document, place: _spelled(get(document))


def _spelled(value: Any) -> str:
    """Text as it is, numbers written out, nothing for what is no text."""
    if value.__class__ is str:
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def as_template(text: str) -> str:
    """A bare document key stands for `{key}`."""
    bare = text.replace("_", "").replace(".", "").replace("-", "")
    return f"{{{text}}}" if bare.isalnum() else text
