"""A small AWS of JSON services on loopback and a reader as the host gives one: what tests of the engine stand on."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from msgspec.structs import replace

from collectors.aws.catalog import load
from collectors.aws.client import Client
from collectors.aws.compile import Compiler
from collectors.aws.engine import Engine
from collectors.aws.models import Models
from collectors.aws.places import Place
from collectors.aws.plans import ScopePlan
from collectors.aws.tagging import BulkTags
from collectors.aws.usage import Usage
from syncd.errors import Failed, Temporary
from syncd.model import Doubt, Gap, Imprint, Last, Node
from syncd.plugin import Lane
from tests.collectors.aws.loopback import ACCOUNT, calling, serving, someone

T = TypeVar("T")
Answer = Callable[[dict[str, Any]], Any]

REGION = "eu-west-1"
CLUSTERS = """
[aws_ecs_cluster]
list = "ecs.ListClusters clusterArns[]"
item = "cluster_arn"
arn = "cluster_arn"
id = "{cluster_arn|tail}"
name = "{cluster_arn|tail}"
"""
NO_RULES = Path(__file__).with_name("no-rules.toml")  # does not exist: no references but a kind's own


def cluster(name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}"


@dataclass(frozen=True)
class Fault:
    """An AWS error as an answer."""

    code: str
    status: int = 400


DENIED = Fault("AccessDeniedException")
GONE = Fault("ResourceNotFoundException")


@dataclass
class Aws:
    """Answers operations by name: a value, a Fault, or a function of the request."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        body = json.loads(await request.read() or b"{}")
        self.asked.append((operation, body))
        answer = self.answers[operation]
        found = answer(body) if callable(answer) else answer
        if isinstance(found, Fault):
            return web.json_response({"__type": found.code, "message": "no"}, status=found.status)
        return web.json_response(found)

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.asked)


@dataclass
class Reading:
    """The host's part of one reading: one attempt for each call, and what the store last knew."""

    again: bool = False
    known: Mapping[str, Last] = field(default_factory=dict)
    imprint: bytes = b""

    async def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except Temporary as error:
            raise Failed(error.reason, operation=error.operation) from None

    def received(self, size: int) -> None:
        pass

    async def last(self, urn: str) -> Last | None:
        return self.known.get(urn)

    def had(self, urn: str, facet: str) -> bool:
        last = self.known.get(urn)
        return last is not None and bool(last.tags if facet == "tags" else last.document.get(facet))


@dataclass
class Found:
    """What a reading yielded."""

    nodes: dict[str, Node] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    imprint: bytes = b""
    same: int = 0

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]


@dataclass
class Cloud:
    """A catalog at work on a small AWS."""

    aws: Aws
    compiler: Compiler
    client: Client
    tags: BulkTags
    place: Place
    usage: Usage | None = None

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.client, self.tags, self.usage)

    async def read(self, *kinds: str, reading: Reading | None = None) -> Found:
        """One reading of the scope of these kinds; nodes by name."""
        found = Found()
        async for each in self.engine.collect(self._plan(*kinds), self.place, REGION, reading or Reading()):
            if isinstance(each, Node):
                found.nodes[each.name] = each
            elif isinstance(each, Gap):
                found.gaps.append(each)
            elif isinstance(each, Doubt):
                found.doubts.append(each)
            elif isinstance(each, Imprint):
                found.imprint = each.value
            else:
                found.same = each.answers
        return found

    def expect(self, *kinds: str) -> None:
        """The scopes of these kinds will be read: lists that they share are kept for them."""
        for kind in kinds:
            self.engine.expect(self._plan(kind), ACCOUNT, REGION)

    def skip(self, kind: str) -> None:
        self.engine.done(self._plan(kind), ACCOUNT, REGION)

    def _plan(self, *kinds: str) -> ScopePlan:
        return self.compiler.scope([self.compiler.catalog.kinds[kind] for kind in kinds])


@asynccontextmanager
async def cloud(folder: Path, catalog: str, derived: Any = (), **answers: Any) -> AsyncIterator[Cloud]:
    """`catalog` is TOML; `answers` are those of the service by operation; `derived`: kinds that nobody has written."""
    (folder / "sample.toml").write_text(catalog)
    aws, models = Aws(answers), Models()
    async with serving(aws) as url, calling(url, models) as client:
        entries = load(folder, NO_RULES)
        kinds = {name: replace(entry, derived=name in derived) for name, entry in entries.kinds.items()}
        compiler = Compiler(replace(entries, kinds=kinds), models)
        types = frozenset(entry.tagging for entry in compiler.catalog.kinds.values() if entry.tagging)
        place = Place(someone(REGION), ACCOUNT, "here", "aws", (REGION,))
        yield Cloud(aws, compiler, client, BulkTags(models, types), place)
