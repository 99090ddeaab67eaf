"""Which members of a document refer to other resources: found once by rule from the shapes, then read as edges."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from msgspec import Struct

from collectors.aws.entries import KindEntry, Relation, Rule
from collectors.aws.outline import Outline, members
from collectors.aws.paths import plain_path, steps
from collectors.aws.targets import REFERENCE_NAMES, Place, Resolver, Target
from collectors.aws.templates import maker
from syncd.model import Edge

Document = dict[str, Any]
Resolve = Callable[[str, Document], Edge | None]

DEEPEST = 9
_REMEMBERED = 20000  # targets kept for a scope, so that a VPC of a thousand instances is one edge object


class Reference(Struct, frozen=True):
    """One place in the documents of a kind that names other resources."""

    path: str
    type: str
    kinds: tuple[str, ...]
    incoming: bool = False
    split: str = ""
    template: str = ""
    form: str = ""
    beside: tuple[str, str] | None = None


class Rules:
    """The rules by last member name, the most specific first: read once for all kinds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: dict[str, list[tuple[tuple[str, ...], Rule]]] = {}
        for rule in rules:
            names = tuple(rule.member.split("."))
            self._rules.setdefault(names[-1], []).append((names, rule))
        for found in self._rules.values():
            found.sort(key=lambda each: (bool(each[1].within), len(each[0])), reverse=True)

    def fitting(self, kind: str, names: tuple[str, ...]) -> list[Rule]:
        """The most specific rule for a member; all of them where they differ in what stands beside the value."""
        fitting = [
            (suffix, rule)
            for suffix, rule in self._rules.get(names[-1], ())
            if names[-len(suffix) :] == suffix and _holds(rule, kind)
        ]
        if not fitting:
            return []
        best, first = fitting[0]
        return [rule for suffix, rule in fitting if rule is first or (suffix == best and rule.beside and first.beside)]


def _holds(rule: Rule, kind: str) -> bool:
    inside = not rule.within or any(fnmatchcase(kind, each) for each in rule.within)
    return inside and not any(fnmatchcase(kind, each) for each in rule.except_)


def references(entry: KindEntry, outline: Outline, rules: Rules, skipped: Iterable[str]) -> list[Reference]:
    """What the kind states itself, then what the rules find in its shapes; `skipped` are paths without references."""
    own = [_stated(relation) for relation in entry.relations]
    taken = {plain_path(reference.path) for reference in own}
    closed = tuple(plain_path(path) for path in (*skipped, *entry.unrelated))
    for path, names in _texts(outline):
        plain = plain_path(path)
        if plain in taken or any(plain == each or plain.startswith(each + ".") for each in closed):
            continue
        found = rules.fitting(entry.kind, names)
        own.extend(_at(path, rule) for rule in found if not _is_own_id(entry, path, rule))
    return own


def _stated(relation: Relation) -> Reference:
    return _at(relation.path.removesuffix("[]"), relation)


def _at(path: str, said: Relation | Rule) -> Reference:
    return Reference(path, said.type, said.kinds, said.incoming, said.split, said.template, said.form, said.beside)


def _is_own_id(entry: KindEntry, path: str, rule: Rule) -> bool:
    return path in (entry.id, entry.urn) and entry.kind in rule.kinds


Named = tuple[str, tuple[str, ...]]
"""A path in documents and the member names on the way."""


def _texts(outline: Outline) -> Iterator[Named]:
    """Every text and list of texts that a document can hold."""
    for key, shape in outline.roots.items():
        if shape is None:
            yield key, (key,)
        else:
            yield from _inside(shape, key, (key,), frozenset())


def _inside(shape: Shape, path: str, names: tuple[str, ...], above: frozenset[str]) -> Iterator[Named]:
    if isinstance(shape, ListShape):
        if shape.member.type_name == "string":
            yield path, names
        else:
            yield from _inside(shape.member, f"{path}[]", names, above)
    elif isinstance(shape, StructureShape):
        if shape.name not in above and len(names) < DEEPEST:
            for key, member in members(shape).items():
                yield from _inside(member, f"{path}.{key}", (*names, key), above | {shape.name})
    elif shape.type_name == "string":
        yield path, names


class EdgeReader:
    """Where the documents of a kind hold references, as a tree to walk once. Compiled once for all places."""

    def __init__(self, found: Iterable[Reference], known: Mapping[str, Target]) -> None:
        branches: dict[Any, Any] = {}
        self._makers: list[Callable[[Place], Resolve]] = []
        for reference in found:
            wanted = [known[kind] for kind in reference.kinds if kind in known]
            if wanted:
                _plant(branches, reference, (len(self._makers), reference.split, reference.beside))
                self._makers.append(_resolve(reference, Resolver(wanted)))
        self._branches = _frozen(branches)

    def at(self, place: Place) -> "Callable[[Document], list[Edge]]":
        """Reads the edges of documents of one place; may repeat one and may point at the node itself."""
        makers, branches = self._makers, self._branches
        made: list[Resolve | None] = [None] * len(makers)

        def make(index: int) -> Resolve:  # when it is needed: most places use few of a kind's references
            resolve = made[index] = makers[index](place)
            return resolve

        def read(document: Document) -> list[Edge]:
            found: list[Edge] = []
            _walk(document, branches, (made, make), (document, found))
            return found

        return read


Leaf = tuple[int, str, tuple[str, str] | None]
Resolvers = tuple[list[Resolve | None], Callable[[int], Resolve]]
"""Those of one place by number, and what makes one that is not there yet."""

Found = tuple[Document, list[Edge]]
"""The whole document and its edges so far."""

Branch = tuple[str, bool, tuple[Leaf, ...], tuple[Any, ...]]


def _plant(branches: dict[Any, Any], reference: Reference, leaf: Leaf) -> None:
    way = steps(reference.path)
    for index, step in enumerate(way):
        leaves, inner = branches.setdefault((step.name, step.each), ([], {}))
        if index == len(way) - 1:
            leaves.append(leaf)
        branches = inner


def _frozen(branches: dict[Any, Any]) -> tuple[Branch, ...]:
    return tuple((name, each, tuple(leaves), _frozen(inner)) for (name, each), (leaves, inner) in branches.items())


def _walk(value: Document, branches: tuple[Branch, ...], resolvers: Resolvers, found: Found) -> None:
    made, make = resolvers
    for name, each, leaves, inner in branches:
        part = value.get(name)
        if not part:
            continue
        if inner:
            for element in part if each else (part,):
                if element.__class__ is dict:
                    _walk(element, inner, resolvers, found)
        for index, split, beside in leaves:
            if beside is None or value.get(beside[0]) == beside[1]:
                _read(part, made[index] or make(index), split, found)


def _read(part: Any, resolve: Resolve, split: str, found: Found) -> None:
    """The edges of one text or of a list of texts."""
    document, edges = found
    if part.__class__ is str:
        if not split:
            edge = resolve(part, document)
            if edge is not None:
                edges.append(edge)
            return
        part = [text.strip() for text in part.split(split)]
    for text in part if part.__class__ is list else ():
        if text.__class__ is str and text:
            edge = resolve(text, document)
            if edge is not None:
                edges.append(edge)


def _resolve(reference: Reference, resolver: Resolver) -> Callable[[Place], Resolve]:
    if reference.template or reference.form:
        return _shaped(reference, resolver)
    type_, incoming = reference.type, reference.incoming

    def at(place: Place) -> Resolve:
        make = resolver.at(place)
        known: dict[str, Edge | None] = {}

        def resolve(value: str, document: Document) -> Edge | None:
            if value in known:
                return known[value]
            if len(known) >= _REMEMBERED:
                known.clear()
            target = make(value)
            edge = known[value] = Edge(type_, escaped(target), incoming) if target else None
            return edge

        return resolve

    return at


def _shaped(reference: Reference, resolver: Resolver) -> Callable[[Place], Resolve]:
    """References whose value must have a form of its own, or whose target is built from other parts of the document."""
    form = re.compile(reference.form) if reference.form else None
    make = maker(reference.template, REFERENCE_NAMES) if reference.template else None

    def at(place: Place) -> Resolve:
        plain = resolver.at(place)

        def resolve(value: str, document: Document) -> Edge | None:
            groups = _groups(form, value)
            if groups is None:
                return None
            target = make(document, {**place, **groups}) if make is not None else plain(groups["value"])
            return Edge(reference.type, escaped(target), reference.incoming) if target else None

        return resolve

    return at


def _groups(form: re.Pattern[str] | None, value: str) -> dict[str, str] | None:
    """The parts of a value that the form names; None when the value has not that form."""
    if form is None:
        return {"value": value}
    match = form.fullmatch(value)
    if match is None:
        return None
    return {"value": value} | {name: text for name, text in match.groupdict().items() if text}


def escaped(urn: str) -> str:
    """No URN holds white space: names that do (alarms, groups) have it escaped, alike in nodes and in references."""
    return urn.replace(" ", "%20") if " " in urn else urn
