"""Random small graphs: put into a real file by the store's own code, and the same as plain objects."""

import dataclasses
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from syncd.errors import Denied, Disabled, Failed
from syncd.kinds import BASE_KINDS, Kind, KindRegistry
from syncd.model import Edge, Gap, Node, Scope
from syncd.search.indexed import Steps
from syncd.store import indexing
from syncd.store.indexing import Wanted
from syncd.store.keys import node_key
from tests.fakes.cloud import Cloud
from tests.fakes.world import World
from tests.search import plain

KINDS = (
    Kind("fake_account", ("account",)),
    Kind("fake_region", ("region",)),
    Kind("fake_vm", ("instance",)),
    Kind("fake_disk", ("volume",)),
    Kind("fake_fast_disk", ("fake_disk",)),
    Kind("fake_net", ("network",)),
    Kind("fake_share", ("network_share",)),
    Kind("fake_box", ("resource",), ordered=frozenset({"items"})),
)
TYPES = ("contains", "in", "uses")
SCOPES = ("fake/1/r1/boxes", "fake/1/r2/boxes", "fake/2/r1/boxes", "fake/2/global/bins", "fake/1/r1/bins")
NAMES = ("", "a", "b", "B", "web-1", "web-2", 'quo"te', "o'clock", "münchen", "日本", "10GB", "22", "true", "-- x", "%")
MOMENTS = ("", "", "2026-01-02T03:04:05Z", "2026-02-27T11:59:00Z", "2026-02-28T12:00:00Z", "2019-12-31T23:59:59Z")
KEYS = ("state", "size", "items", "when", "ip", "flag", "nest", "odd key", "ключ", "a.b", "x'y", "volume_size", "name")
TAGS = ("env", "Name", "a.b", "a:b/c", "ключ", "x'y", "a[0]", "10", "")
TEXTS = (
    *NAMES, "running", "stopped", "A", "ab", "Straße", "2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04",
    "2026-02-28T11:00:00.5+00:00", "10.0.0.1", "10.0.0.0/24", "10.1.0.0/16", "fe80::1", "2001:db8::/32",
    "::ffff:10.0.0.1", "-7d", "5 GB", "null", "1.5", "9223372036854775808", "\\", "a\\b", "line\nbreak", "[1]", "{}",
    "[a]*?", "$.a", ":v1", "😀", "\u00a0", "true",
)  # fmt: skip
NUMBERS = (
    *(0, 1, -1, 2, 10, 22, 100, 1024, 10 * 1024**3, 2**31, 2**53, 2**53 + 1),
    *(2**62, 2**63 - 1, -(2**63), 2**63, 2**64 - 1),
    *(0.0, -0.0, 0.5, 1.5, 1e-7, 1e22, 1e300, -2.25),
)  # fmt: skip


class RichCloud(Cloud):
    """A cloud of several kinds below the base kinds."""

    def kinds(self) -> Iterable[Kind]:
        return KINDS

    def edge_types(self) -> Iterable[str]:
        return TYPES

    def relations(self) -> Iterable[tuple[str, str, str]]:
        return [("fake_box", type_, "fake_box") for type_ in TYPES]

    def scope(self, key: str) -> Scope:
        _, account, region, name = key.split("/", 3)
        return Scope("fake", account, region, name, tuple(kind.name for kind in KINDS), self.fingerprint)


@dataclass
class Dice:
    """Random nodes and values from one seed."""

    chance: random.Random
    urns: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)

    def pick(self, *options: Any) -> Any:
        return self.chance.choice(options)

    def value(self, depth: int = 0) -> Any:
        kind = self.chance.randrange(10 if depth < 3 else 6)
        if kind < 3:
            return self.pick(*TEXTS)
        if kind < 5:
            return self.pick(*NUMBERS)
        if kind == 5:
            return self.pick(True, False, None)
        if kind < 8:
            return [self.value(depth + 1) for _ in range(self.chance.randrange(4))]
        return self.document(depth + 1)

    def document(self, depth: int = 0) -> dict[str, Any]:
        return {key: self.value(depth) for key in self.chance.sample(KEYS, self.chance.randrange(5))}

    def common(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if kind in ("fake_disk", "fake_fast_disk"):
            found = {"volume_size": self.pick(0, 1, 8, 10, 10.5, 1024), "volume_encrypted": self.pick(True, False)}
        if kind == "fake_vm":
            found = {"instance_memory": self.pick(1, 2.5, 16), "instance_status": self.pick("running", "stopped")}
        if kind == "fake_share":
            found = {"share_size": self.pick(0, 1024, 5 * 1024**3)}
        if self.chance.random() < 0.3:
            found |= self.document(2)
        return found

    def tags(self) -> dict[str, str]:
        return {key: self.pick(*TEXTS) for key in self.chance.sample(TAGS, self.chance.randrange(4))}

    def edges(self) -> tuple[Edge, ...]:
        ends = [*self.urns, *self.handles, "urn:fake:9:box/nobody", "handle:nobody"]
        count = self.pick(0, 1, 1, 2, 3)
        return tuple({Edge(self.pick(*TYPES), self.pick(*ends), self.pick(True, False)) for _ in range(count)})

    def node(self, scope: str, number: int) -> Node:
        _, account, region, place = scope.split("/")
        kind = self.pick("fake_vm", "fake_disk", "fake_fast_disk", "fake_net", "fake_share", "fake_box", "fake_box")
        return Node(
            urn=f"urn:fake:{account}:{region}:{place}/{number}",
            kind=kind,
            id=self.pick(f"i-{number}", f"i-{number}", "same", "O'id"),
            name=self.pick(*NAMES),
            account=self.pick(account, account, account, ""),
            region=self.pick(region, region, ""),
            zone=self.pick("", f"{region}a"),
            created_at=self.pick(*MOMENTS),
            updated_at=self.pick(*MOMENTS),
            tags=self.tags(),
            common=self.common(kind),
            document=self.document(),
            volatile=self.document(2) if self.chance.random() < 0.3 else {},
        )

    def before(self, node: Node) -> Node:
        """Some nodes were otherwise at first, so that an index can be behind."""
        if self.chance.random() < 0.7:
            return node
        common = self.common(node.kind)
        return replace(node, name=self.pick(*NAMES), tags=self.tags(), common=common, document=self.document())

    def place(self, kind: str, scope: str, id_: str) -> Node:
        """An account or a region."""
        account = scope.split("/")[1]
        node = self.node(scope, 0)
        node.urn, node.kind, node.id, node.account = f"urn:fake:{account}:{kind}/{id_}", kind, id_, account
        return node

    def wanted(self, nodes: list[Node]) -> list[Wanted]:
        """Places in the documents of these nodes, some of one kind only."""
        found = [steps for node in nodes for part in (node.common, node.document) for steps in _places(part)]
        plain = [
            steps for steps in found if not any(isinstance(step, str) and {'"', "\\"} & set(step) for step in steps)
        ]
        chosen = self.chance.sample(plain, min(len(plain), 10))
        return [Wanted(steps, self.pick("", "", "", "fake_box", "fake_disk")) for steps in chosen]

    def cloud(self) -> dict[str, list[Node]]:
        """Nodes by scope. Edges point anywhere, also to what nobody knows."""
        boxes = {scope: [self.node(scope, n) for n in range(self.chance.randrange(5))] for scope in SCOPES}
        for account, region in (("1", "r1"), ("2", "r1")):
            scope = f"fake/{account}/{region}/boxes"
            boxes[scope] += [self.place("fake_account", scope, account), self.place("fake_region", scope, region)]
        self.connect([node for nodes in boxes.values() for node in nodes])
        return boxes

    def connect(self, nodes: list[Node]) -> None:
        self.urns = [node.urn for node in nodes]
        for number, node in enumerate(nodes):
            node.handles = tuple(f"handle:{number}-{i}" for i in range(self.pick(0, 0, 1, 2)))
        self.handles = [handle for node in nodes for handle in node.handles]
        for node in nodes:
            node.edges = self.edges()


def _places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    if steps:
        yield steps
    inner = (
        value.items()
        if isinstance(value, dict)
        else [(None, each) for each in value]
        if isinstance(value, list)
        else ()
    )
    for step, each in inner:
        yield from _places(each, (*steps, step))


async def stored(path: Path, seed: int) -> tuple[World, plain.Graph]:
    """A file, and the plain graph of what is in it."""
    dice = Dice(random.Random(seed))
    world = World(path, RichCloud())
    boxes = dice.cloud()
    wanted = dice.wanted([node for nodes in boxes.values() for node in nodes])
    async with world.store() as store:
        world.cloud.boxes = {scope: [dice.before(node) for node in nodes] for scope, nodes in boxes.items()}
        await world.sync_in(store)
        if dice.pick(True, False):
            await store.index(wanted[: dice.pick(0, 5)])
        world.cloud.boxes = dict(boxes)
        await world.sync_in(store)
        if dice.pick(True, False, True):
            await store.index(wanted[dice.pick(0, 2) :])
        _trouble(world.cloud, dice)
        await world.sync_in(store)
    _begin(path, dice.chance, wanted)
    graph = plain_graph(world, [node for nodes in boxes.values() for node in nodes])
    return world, dataclasses.replace(graph, indexed=frozenset(each.steps for each in wanted))


def _begin(path: Path, chance: random.Random, wanted: list[Wanted]) -> None:
    """Other properties are to be indexed now: some wait for it, some are half made."""
    with closing(sqlite3.connect(path)) as connection:
        for _ in range(chance.randrange(4)):
            plan = indexing.planned(connection, wanted[chance.randrange(3) :])
            indexing.make_up(connection, plan, 3)
        connection.commit()


def _trouble(cloud: Cloud, dice: Dice) -> None:
    """The next run sees every scope in its own way, and no other nodes."""
    errors = (
        Denied("no", operation="boxes:List", permission="boxes:List"), Failed("it's broken"), Disabled("not here"),
    )  # fmt: skip
    for scope in SCOPES:
        what = dice.chance.randrange(7)
        if what < 3:
            cloud.fail(scope, errors[what])
        elif what == 3:
            cloud.extras[scope] = [Gap("denied", "boxes:Tags", "boxes:Tags", "no tags")]
        elif what == 4 and len(cloud.boxes) > 2:
            del cloud.boxes[scope]


# -- the same as plain objects


def plain_graph(world: World, nodes: Iterable[Node]) -> plain.Graph:
    """Only times and coverage come from the file: nobody but the store could say them."""
    registry = KindRegistry()
    registry.add(KINDS)
    seen = {row[0]: row[1:] for row in world.query("select key, first_seen, changed_at, scope from resource")}
    covered = {
        row[0]: plain.Coverage(*row) for row in world.query("select scope, state, since, read_at, reason from coverage")
    }
    listed = list(nodes)
    things = [_thing(node, registry, seen[node_key(node.urn)], covered) for node in listed]
    known = {thing.key: thing for thing in things}
    assert known.keys() == seen.keys()
    kinds = frozenset(kind.name for kind in registry)
    units = {name: unit for kind in BASE_KINDS for name, unit in kind.properties.items()}
    concrete = frozenset(kind.name for kind in KINDS)
    return plain.Graph(known, _edges(listed), world.moment, kinds, concrete, frozenset(TYPES), units)


def _thing(
    node: Node, registry: KindRegistry, seen: tuple[str, str, str], covered: dict[str, plain.Coverage]
) -> plain.Thing:
    first_seen, changed_at, scope = seen
    return plain.Thing(
        node_key(node.urn), node.urn, node.id, node.name, node.kind, frozenset(registry.bases(node.kind)), "fake",
        node.account, node.region, node.zone, node.created_at, node.updated_at, first_seen, changed_at,
        node.tags, node.common, node.document, node.volatile, covered[scope],
    )  # fmt: skip


def _edges(nodes: list[Node]) -> set[plain.Edge]:
    """Both ends known, by URN or by handle."""
    ends = {node.urn: node_key(node.urn) for node in nodes}
    ends |= {handle: node_key(node.urn) for node in nodes for handle in node.handles}
    found = set()
    for node in nodes:
        for type_, target, incoming in node.edges:
            if target in ends:
                here, there = node_key(node.urn), ends[target]
                found.add((there, type_, here) if incoming else (here, type_, there))
    return found


def reading(world: World) -> sqlite3.Connection:
    """A connection as searches get it."""
    return sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True, isolation_level=None)
