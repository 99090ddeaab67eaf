"""The part of a catalog check that looks at one kind and its outline."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, StructureShape

from collectors.aws.entries import Common, KindEntry
from collectors.aws.outline import Outline, UnknownName, tag_names
from collectors.aws.outlines import Operations, facet_outline, richer
from collectors.aws.paths import plain_path, steps
from collectors.aws.tables import nearest
from collectors.aws.templates import PLACE_NAMES, as_template, template

Add = Callable[[str, str], None]


def check_identity(entry: KindEntry, item: Outline, whole: Outline, add: Add) -> None:
    """URN and id come from the list alone; names, handles and references from anything."""
    for key, text in (("arn", entry.urn), ("id", entry.id)):
        for name in _names(key, as_template(text), add) if text else ():
            if name not in PLACE_NAMES and _broken(item, name):
                _say_where(key, name, item, whole, add)
    for text in entry.handles:
        _check_template(f"handles {text}", text, whole, add)
    if entry.name and entry.name != "tag":
        _check_template("name", as_template(entry.name), whole, add)
    for name in _names("ref", entry.ref, add):
        if name not in PLACE_NAMES | {"value"}:
            add("ref", f"unknown field {name}; known: account, partition, region, value")


def _say_where(key: str, name: str, item: Outline, whole: Outline, add: Add) -> None:
    if _broken(whole, name):
        add(key, f"nothing gives {name}, but it must come with the list{nearest(name, item.roots)}")
    else:
        add(key, f"a facet gives {name}, but it must come with the list")


def check_hidden(entry: KindEntry, add: Add) -> None:
    """Nothing is made of what is dropped before it is read."""
    hidden = tuple(plain_path(path) for path in (*entry.secret, *entry.drop))
    for key, path in _used(entry):
        for each in hidden:
            if plain_path(path) == each or plain_path(path).startswith(f"{each}."):
                add(key, f"{path} is dropped or secret, so it cannot be used")


def _used(entry: KindEntry) -> Iterator[tuple[str, str]]:
    texts = [("arn", entry.urn), ("id", entry.id), ("name", entry.name), *(("handles", text) for text in entry.handles)]
    texts += [("common", common.template) for common in entry.common.values()]
    texts += [(f"facet {facet.name}", text) for facet in entry.facets for text in _texts([facet.args, facet.region])]
    for key, text in texts:
        yield from ((key, name) for name in _names(key, as_template(text), lambda key, text: None))
    for name, common in entry.common.items():
        yield f"common: {name}", common.of or common.exists
    yield from (("relation", path) for path in entry.relation_paths())
    yield from ((key, path) for key, path in (("created", entry.created), ("updated", entry.updated)))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _broken(outline: Outline, path: str) -> bool:
    try:
        outline.at(path)
    except ValueError:
        return True
    return False


def _names(key: str, text: str, add: Add) -> Iterator[str]:
    try:
        yield from template(text).names()
    except ValueError as error:
        add(key, str(error))


def _check_template(key: str, text: str, outline: Outline, add: Add) -> None:
    for name in _names(key, text, add):
        if name not in PLACE_NAMES:
            _check_path(key, name, outline, add)


def _check_path(key: str, path: str, outline: Outline, add: Add) -> None:
    try:
        outline.at(path)
    except ValueError as error:
        add(key, f"{error} (in {path})" if path not in str(error) else str(error))


def check_paths(entry: KindEntry, whole: Outline, add: Add) -> None:
    """Everything that is a plain path into the document."""
    for key, paths in (
        ("created", (entry.created,)),
        ("updated", (entry.updated,)),
        ("zone", (entry.zone,)),
        ("volatile", entry.volatile),
        ("secret", entry.secret),
        ("drop", entry.drop),
        ("ordered", entry.ordered),
        ("decode", entry.decode),
        ("unrelated", entry.unrelated),
        ("relation", (relation.path for relation in entry.relations)),
    ):
        for path in paths:
            if path:
                _check_path(key, path, whole, add)
    _check_lists(entry, whole, add)
    if entry.tags:
        _check_tags(entry, whole, add)


def _check_lists(entry: KindEntry, whole: Outline, add: Add) -> None:
    for path in entry.ordered:
        if not _broken(whole, path) and not isinstance(whole.at(path), ListShape):
            add("ordered", f"{path} is no list")
    for path in entry.relation_paths():
        if not _broken(whole, path) and isinstance(whole.at(path), (StructureShape, MapShape)):
            add("relation", f"{path} is no text but a structure or map")


def _check_tags(entry: KindEntry, whole: Outline, add: Add) -> None:
    if "." in entry.tags or "[" in entry.tags:
        add("tags", "must be a top-level key")
    elif _broken(whole, entry.tags):
        _check_path("tags", entry.tags, whole, add)
    elif tag_names(whole.at(entry.tags)) is None:
        add("tags", f"{entry.tags} is no list or map of tags")


def check_common(entry: KindEntry, whole: Outline, add: Add) -> None:
    for name, common in entry.common.items():
        key = f"common: {name}"
        for path in (common.of, common.exists):
            if path:
                _check_path(key, path, whole, add)
        if common.template:
            _check_template(key, common.template, whole, add)
        _check_values(key, common, whole, add)


def _check_values(key: str, common: Common, whole: Outline, add: Add) -> None:
    """The keys of a map and the value of equals are among the model's own values."""
    if not common.of or _broken(whole, common.of):
        return
    allowed = getattr(whole.at(common.of), "enum", None)
    if not allowed:
        return
    values = [*(common.map or ()), *([common.equals] if isinstance(common.equals, str) else [])]
    for value in values:
        if value not in allowed:
            add(key, f"{common.of} is never {value!r}{nearest(value, allowed)}")


def check_facet_keys(entry: KindEntry, item: Outline, operations: Operations, add: Add) -> None:
    """Several facets never give the same key, and `into` is a key that the list item does not have."""
    owners: dict[str, str] = {}
    for facet in entry.facets:
        try:
            given = facet_outline(facet, operations)
        except UnknownName:
            continue
        if facet.into and (len(steps(facet.into)) > 1 or facet.into in item.roots):
            add(f"facet {facet.name}: into", f"{facet.into} must be a new top-level key")
        for name, shape in given.roots.items():
            if name in owners and richer(item, name, shape):
                add(f"facet {facet.name}", f"gives {name}, as facet {owners[name]} does")
            owners.setdefault(name, facet.name)
