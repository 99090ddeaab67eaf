"""What the documents of a kind hold, path by path, in the words of the provider's own models."""

import html
import re
from collections.abc import Iterator, Mapping
from functools import partial

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from collectors.aws.compile import ModelShapes
from collectors.aws.entries import KindEntry
from collectors.aws.hidden import emptied_paths
from collectors.aws.models import Models
from collectors.aws.outline import Outline, members, tags_key
from collectors.aws.outlines import whole_outline
from collectors.aws.paths import plain_path
from syncd.plugin import Property

FEW = 12
"""Values of an enumeration that are shown; a longer one is text like any other."""
TYPES = {
    "timestamp": "time",
    "boolean": "boolean",
    "integer": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "structure": "object",
}
_TAG = re.compile(r"<(?:/?(?:p|li|ul|ol|br|dt|dd|dl|note|important|h\d)\b[^>]*)>")
_NOTE = re.compile(r"\s*<note>.*?</note>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")
Way = tuple[tuple[str, str], ...]
"""Structures on the way down: name of the shape and where it was met first."""


def described(entry: KindEntry) -> Iterator[Property]:
    """Every path in the order of the paths. What is dropped before it is read is left out."""
    outline = whole_outline(entry, ModelShapes(Models(_operations(entry), documentation=True)))
    tags = entry.tags or tags_key(outline)
    dropped = {plain_path(path) for path in entry.drop} | {tags}
    mark = partial(_mark, _marks(entry, outline))
    for key in sorted(outline.roots):
        for path, type_, text in _paths(key, outline.roots[key], ()):
            plain = path.replace("[*]", "")
            if not any(plain == each or plain.startswith(f"{each}.") for each in dropped):
                decoded = any(plain_path(each) == plain for each in entry.decode)
                yield Property(path, "object" if decoded else type_, text, mark(plain))


def _operations(entry: KindEntry) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for target in (entry.call, *(facet.call for facet in entry.facets)):
        found.setdefault(target.service, set()).add(target.operation)
    return found


def _marks(entry: KindEntry, outline: Outline) -> Mapping[str, str]:
    emptied = emptied_paths(entry, outline)
    secret = {plain_path(path): "names only" if path in emptied else "secret" for path in entry.secret}
    return {plain_path(path): "volatile" for path in entry.volatile} | secret


def _mark(marks: Mapping[str, str], path: str) -> str:
    """That of the path, or of what it lies in."""
    return next((mark for marked, mark in marks.items() if path == marked or path.startswith(f"{marked}.")), "")


def _paths(path: str, shape: Shape | None, way: Way) -> Iterator[tuple[str, str, str]]:
    """(path, type, description) of a place and all places in it. A structure within itself is told once."""
    if shape is None:
        yield path, "string", ""
        return
    yield path, _type(shape, way), plain(shape.documentation)
    end, inner = path, shape
    while isinstance(inner, (ListShape, MapShape)):
        end += "[*]" if isinstance(inner, ListShape) else ".<key>"
        inner = inner.member if isinstance(inner, ListShape) else inner.value
    if isinstance(inner, StructureShape) and not any(name == inner.name for name, _ in way):
        for name, member in sorted(members(inner).items()):
            yield from _paths(f"{end}.{name}", member, (*way, (inner.name, end)))


def _type(shape: Shape, way: Way) -> str:
    """string, number, time, a|b|c, list of string, map of object, object like the one it lies in."""
    if isinstance(shape, ListShape):
        return f"list of {_type(shape.member, way)}"
    if isinstance(shape, MapShape):
        return f"map of {_type(shape.value, way)}"
    if isinstance(shape, StructureShape):
        known = next((path for name, path in way if name == shape.name), "")
        return f"object like {known}" if known else "object"
    values = shape.enum if isinstance(shape, StringShape) else []
    return "|".join(values) if 0 < len(values) <= FEW else TYPES.get(shape.type_name, "string")


def plain(documentation: str) -> str:
    """HTML as one line of text. A note that stands before the description is of the call, and goes."""
    after = documentation[note.end() :] if (note := _NOTE.match(documentation)) else documentation
    text = html.unescape(_MARKUP.sub("", _TAG.sub(" ", after.strip() or documentation)))
    return " ".join(text.split())
