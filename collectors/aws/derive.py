"""From a provider's document to a node: identity checked, tags and common properties taken, secrets left out."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from collectors.aws.common import Property, compile_common, roots_of
from collectors.aws.entries import KindEntry
from collectors.aws.hidden import emptied_paths, removed_paths
from collectors.aws.order import Sort, sorts
from collectors.aws.outline import Outline, members, tag_names, tags_key
from collectors.aws.paths import plain_path, steps
from collectors.aws.prune import Change, decoder, emptier, remover, splitter
from collectors.aws.references import EdgeReader, Reference, escaped
from collectors.aws.targets import Target, urn_template
from collectors.aws.templates import Make, Prepared, as_template, prepare, template
from syncd.errors import Failed
from syncd.model import Edge, Node

Document = dict[str, Any]
Place = Mapping[str, str]

CREATED = (
    "creation_date",
    "create_time",
    "created_at",
    "creation_time",
    "created_time",
    "created_timestamp",
    "create_date",
    "creation_timestamp",
    "creation_date_time",
    "date_created",
    "created_date",
    "created_on",
    "created_date_time",
    "instance_create_time",
    "cluster_create_time",
    "snapshot_create_time",
    "cache_cluster_create_time",
)
_ARN = re.compile(r"arn:[a-z][a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([a-z0-9-]{0,20}):[^\s]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_SPACE = re.compile(r"\s")
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_PENDING = "PendingConfirmation"
_MILLISECONDS = 1e11  # as seconds this would be the year 5138


class Item(Struct):
    """One listed resource while its facets come in.

    `own` are the top-level keys that the list itself gave; `given` those of facets that are not empty.
    """

    urn: str
    id: str
    account: str
    document: Document
    tags: dict[str, str]
    parent: str = ""
    own: frozenset[str] = frozenset()
    given: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)


class Shaping(Struct, frozen=True):
    """What is done to every document of a kind, wherever it is: compiled once."""

    entry: KindEntry
    outline: Outline
    references: tuple[Reference, ...]
    edges: EdgeReader
    urn: Prepared
    id: Prepared
    fits: Callable[[str], object] | None
    name: Prepared | None
    handles: tuple[Prepared, ...]
    tag_names: tuple[str, str] | None
    tags_key: str
    created: Make
    updated: Make
    zone: Make
    common: tuple[tuple[str, Property, frozenset[str], bool], ...]
    sorts: tuple[tuple[str, Sort], ...]
    remove: Callable[[Document], None] | None
    decode: Callable[[Document], None] | None
    split: Callable[[Document], Document] | None
    fields: tuple[tuple[str, frozenset[str]], ...]


def shaping(entry: KindEntry, outline: Outline, found: tuple[Reference, ...], known: Mapping[str, Target]) -> Shaping:
    key = entry.tags or tags_key(outline)
    created = entry.created or next((key for key in CREATED if _is_time(outline, key)), "")
    zone = entry.zone or _zone(outline)
    volatile = {plain_path(path) for path in entry.volatile}
    return Shaping(
        entry=entry,
        outline=outline,
        references=found,
        edges=EdgeReader(found, known),
        urn=prepare(urn_template(entry)),
        id=prepare(as_template(entry.id)),
        fits=re.compile(entry.form).fullmatch if entry.form else None,
        name=prepare(as_template(entry.name)) if entry.name and entry.name != "tag" else None,
        handles=tuple(prepare(text) for text in entry.handles),
        tag_names=tag_names(outline.roots.get(key)) if key else None,
        tags_key=key,
        created=_text(created),
        updated=_text(entry.updated),
        zone=_text(zone),
        common=tuple(
            (name, compile_common(common), roots_of(common), plain_path(common.of) in volatile)
            for name, common in entry.common.items()
        ),
        sorts=sorts(outline, entry.ordered),
        remove=_both(remover(removed_paths(entry, outline)), emptier(emptied_paths(entry, outline))),
        decode=decoder(entry.decode),
        split=splitter(entry.volatile),
        fields=_fields(entry, created, zone),
    )


def _both(first: Change | None, second: Change | None) -> Change | None:
    if first is None or second is None:
        return first or second

    def both(document: Document) -> None:
        first(document)
        second(document)

    return both


def _is_time(outline: Outline, key: str) -> bool:
    shape = outline.roots.get(key)
    return shape is not None and shape.type_name in ("timestamp", "string")


def _zone(outline: Outline) -> str:
    if "availability_zone" in outline.roots:
        return "availability_zone"
    return "placement.availability_zone" if "availability_zone" in members(outline.roots.get("placement")) else ""


def _fields(entry: KindEntry, created: str, zone: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Which of a node's own fields hang on which document keys."""
    texts = {"created_at": created, "updated_at": entry.updated, "zone": zone, "name": entry.name}
    found = (
        (name, frozenset(steps(each)[0].name for each in template(as_template(text)).names()))
        for name, text in texts.items()
        if text and text != "tag"
    )
    return tuple(found)


class Deriver:
    """Makes nodes of one kind in one place."""

    def __init__(self, shape: Shaping, place: Place) -> None:
        self.shape = shape
        self.kind = shape.entry.kind
        self._place = place
        self._account, self._region = place["account"], place["region"]
        self._urn = shape.urn(place)
        self._id = shape.id(place)
        self._name = shape.name(place) if shape.name is not None else None
        self._handles = tuple(handle(place) for handle in shape.handles)
        self._edges = shape.edges.at(place)
        self._contained: dict[str, Edge] = {}
        self._hang: dict[frozenset[str], tuple[str, ...]] = {}

    def item(self, document: Document, parent: str = "") -> Item:
        """Identity and tags of a listed document. Raises Failed when the id or the URN has not the form it needs."""
        id_ = self._id(document)
        urn = self._urn(document) or self._made(id_, parent)
        if not urn.startswith("arn:") and _BARE.fullmatch(urn) is not None and urn != _PENDING:
            # Gateways and stand-ins give a bare name where AWS gives an ARN; AWS's own always has colons.
            urn = f"urn:aws:{self._account}:{self._region}:{self.kind}:{urn}"
        elif not id_ or (self.shape.fits is not None and self.shape.fits(id_) is None):
            raise self._wrong("id", id_)
        account = self._account
        if urn.startswith("arn:"):
            urn = escaped(urn)
            match = _ARN.fullmatch(urn)
            if match is None:
                raise self._wrong("ARN", urn)
            if len(match[1]) == 12 and match[1].isdigit():
                account = match[1]
        elif not urn.startswith("urn:") or _SPACE.search(urn := escaped(urn)) is not None:
            raise self._wrong("URN", urn)
        own = self._own_keys(document) if self.shape.entry.facets else frozenset[str]()
        return Item(urn, id_, account, document, self.take_tags(document), parent, own)

    def _made(self, id_: str, parent: str) -> str:
        """Of derived kinds nobody has seen that every answer has the ARN that the model knows."""
        if not self.shape.entry.derived or not id_:
            return ""
        return f"urn:aws:{self._account}:{self._region}:{self.kind}:" + (f"{parent}/{id_}" if parent else id_)

    def _own_keys(self, document: Document) -> frozenset[str]:
        keys = frozenset(document)
        return keys | {"tags"} if self.shape.tags_key in keys else keys

    def take_tags(self, document: Document) -> dict[str, str]:
        """The tags leave the document."""
        key = self.shape.tags_key
        found = document.pop(key, None) if key else None
        return tags_of(found, self.shape.tag_names) if found else {}

    def node(self, item: Item) -> Node:
        """All facets are known, or marked as unseen and carried over."""
        shape, document = self.shape, item.document
        for key, sort in shape.sorts:
            value = document.get(key)
            if value:
                sort(value)
        if shape.remove is not None:
            shape.remove(document)
        if shape.decode is not None:
            shape.decode(document)
        common, volatile = self._common(item)
        handles = tuple(handle for make in self._handles if (handle := make(document)))
        edges = self._related(item, handles)
        zone, created, updated = shape.zone(document), shape.created(document), shape.updated(document)
        if shape.split is not None:
            volatile = {**shape.split(document), **volatile}
        node = Node(  # by position, which takes half the time
            item.urn,
            self.kind,
            item.id,
            self._named(item),
            item.account,
            self._region,
            zone,
            moment(created) if created else "",
            moment(updated) if updated else "",
            item.tags,
            common,
            document,
            volatile,
            edges,
            handles,
        )
        if item.given or item.unseen:
            self._mark(node, item)
        return node

    def _named(self, item: Item) -> str:
        if self._name is not None:
            return self._name(item.document) or item.id
        return item.tags.get("Name") or item.id

    def _common(self, item: Item) -> tuple[Document, Document]:
        """Common properties, those made of volatile parts apart; none from what was never seen."""
        common: Document = {}
        volatile: Document = {}
        never = item.never
        for name, make, roots, moving in self.shape.common:
            if never and not never.isdisjoint(roots):
                continue
            try:
                value = make(item.document, self._place)
            except Failed as error:
                raise Failed(f"{self.kind} {item.id}: {name}: {error.reason}", operation=self._operation) from None
            if value is not None:
                (volatile if moving else common)[name] = value
        return common, volatile

    def _related(self, item: Item, handles: tuple[str, ...]) -> tuple[Edge, ...]:
        """Each edge once, none to the node itself, and the one from what contains it."""
        urn = item.urn
        found = dict.fromkeys(self._edges(item.document))
        edges = [edge for edge in found if edge.target != urn and edge.target not in handles]
        edges.append(self._container(item))
        return tuple(edges)

    def _container(self, item: Item) -> Edge:
        target = item.parent or f"urn:aws:region:{item.account}:{self._region}"
        edge = self._contained.get(target)
        if edge is None:
            edge = self._contained[target] = Edge("contains", target, incoming=True)
        return edge

    def _mark(self, node: Node, item: Item) -> None:
        """Common properties and fields hang on document keys: they are as seen or unseen as those."""
        common = node.common
        node.facets = frozenset(item.given).union(name for name in self._hanging(item.given) if name in common)
        if item.unseen:
            node.unseen = frozenset(item.unseen).union(self._hanging(item.unseen))
            node.never = frozenset(item.never).union(self._hanging(item.never))

    def _hanging(self, keys: set[str]) -> tuple[str, ...]:
        """What hangs on any of the keys: the nodes of a kind mostly have the same ones."""
        given = frozenset(keys)
        found = self._hang.get(given)
        if found is None:
            hanging = [*((name, roots) for name, _, roots, _ in self.shape.common), *self.shape.fields]
            found = self._hang[given] = tuple(name for name, roots in hanging if not roots.isdisjoint(given))
        return found

    @property
    def _operation(self) -> str:
        return f"{self.shape.entry.call.service}:{self.shape.entry.call.operation}"

    def _wrong(self, what: str, value: str) -> Failed:
        shown = f"{value[:80]!r}" if value else "nothing"
        wanted = f" of the form {self.shape.entry.form}" if what == "id" and self.shape.entry.form else ""
        return Failed(f"{self.kind}: expected an {what}{wanted}, found {shown}", operation=self._operation)


def _text(path: str) -> Make:
    return prepare(as_template(path))({}) if path else lambda document: ""


def tags_of(found: Any, names: tuple[str, str] | None) -> dict[str, str]:
    """Tags in any of the provider's spellings as a map. Raises Failed for what is none of them."""
    try:
        if names is None or names == ("", ""):
            return {key: value or "" for key, value in found.items()}
        key, value = names
        return {tag[key]: tag.get(value) or "" for tag in found}
    except (AttributeError, KeyError, TypeError):
        raise Failed(f"expected tags, found {str(found)[:80]!r}") from None


def moment(text: str) -> str:
    """Times that the model calls text, and seconds or milliseconds since 1970, as ISO 8601; "" for anything else."""
    if not text or _MOMENT.fullmatch(text) is not None:
        return text
    try:
        if text.replace(".", "", 1).isdigit():
            seconds = float(text)
            when = datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS else seconds, UTC)
        else:
            when = datetime.fromisoformat(text)
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return when.isoformat(timespec="milliseconds" if when.microsecond else "seconds").replace("+00:00", "Z")
