"""A cloud in memory, behind the real collector contract: what it holds and how it fails is up to the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from syncd.errors import ReadError
from syncd.kinds import Kind
from syncd.model import Blind, Doubt, Edge, Gap, Imprint, Node, Same, Scope
from syncd.plugin import Calls, Lane, Reader, Selection

BOX = Kind("fake_box", ("resource",), ordered=frozenset({"steps"}))
JAR = Kind("fake_jar", ("resource",), reborn=False)
ACCOUNT = Kind("fake_account", ("account",))
RELATIONS = (("fake_box", "in", "fake_box"), ("fake_box", "contains", "fake_box"))


def urn(account: str, name: str) -> str:
    return f"urn:fake:{account}:box/{name}"


def box(account: str, name: str, **document: Any) -> Node:
    """A resource; the keywords are its document, but for `tags`, `edges`, `created_at` and the like."""
    own = {key: document.pop(key) for key in list(document) if key in Node.__struct_fields__}
    node = Node(urn(account, name), "fake_box", name, name, account, "r1", document=document)
    for key, value in own.items():
        setattr(node, key, value)
    return node


def inside(account: str, name: str) -> Edge:
    return Edge("in", urn(account, name))


@dataclass
class Cloud:
    """Scopes by key with their nodes; `trouble` by scope key is called with `again` in place of a reading's end.

    `imprints`: answers have imprints, and those that are as they were are recognised: their scopes are in `same`.
    """

    boxes: dict[str, list[Node]] = field(default_factory=dict)
    trouble: dict[str, Callable[[bool], None]] = field(default_factory=dict)
    extras: dict[str, list[Gap | Doubt]] = field(default_factory=dict)
    blind: list[Blind] = field(default_factory=list)
    fingerprint: str = "1"
    readings: list[tuple[str, bool]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    second: dict[str, list[Node]] = field(default_factory=dict)
    delay: float = 0.0
    imprints: bool = False
    same: list[str] = field(default_factory=list)

    def put(self, scope: str, *nodes: Node) -> None:
        self.boxes[scope] = list(nodes)

    def fail(self, scope: str, error: ReadError, after: int = 0) -> None:
        """The scope's readings raise `error`, the first `after` ones do not."""
        left = [after]

        def trouble(_: bool) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise error

        self.trouble[scope] = trouble

    # -- plugin.Collector

    name = "fake"
    settings = dict

    def kinds(self) -> Iterable[Kind]:
        return (BOX, JAR, ACCOUNT)

    def edge_types(self) -> Iterable[str]:
        return {type_ for _, type_, _ in RELATIONS}

    def relations(self) -> Iterable[tuple[str, str, str]]:
        return RELATIONS

    async def open(self, settings: Any) -> "Cloud":
        return self

    # -- plugin.Session

    def about(self) -> str:
        return "a fake cloud"

    async def close(self) -> None:
        pass

    def skip(self, scope: Scope) -> None:
        self.skipped.append(scope.key)

    async def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Scope | Blind]:
        for key in list(self.boxes):
            yield self.scope(key)
        for blind in self.blind:
            yield blind

    def scope(self, key: str) -> Scope:
        _, account, region, name = key.split("/", 3)
        return Scope("fake", account, region, name, ("fake_box",), self.fingerprint)

    async def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
        self.readings.append((scope.key, reader.again))

        async def answer() -> list[Node]:
            await asyncio.sleep(self.delay)
            if trouble := self.trouble.get(scope.key):
                trouble(reader.again)
            return (self.second if reader.again else self.boxes).get(scope.key, self.boxes[scope.key])

        nodes = await reader.run(Lane(scope.account, scope.region, "boxes"), "boxes:List", answer)
        imprint = repr(nodes).encode() if self.imprints and not self.extras.get(scope.key) else b""
        if imprint and reader.imprint == imprint:
            self.same.append(scope.key)
            yield Same(1)
            return
        for node in nodes:
            yield node
        if imprint:
            yield Imprint(imprint)
        for extra in self.extras.get(scope.key, ()):
            yield extra
