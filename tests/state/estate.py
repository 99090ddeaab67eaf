"""The cloud of the machine: what it holds outlives every process, and how it answers is up to the machine."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syncd.errors import Denied, Failed, Temporary
from syncd.model import Act, Doubt, Gap, Node, Scope
from syncd.plugin import Calls, Lane, Reader, Selection
from tests.fakes.cloud import Cloud, box
from tests.state.hearer import nothing

HOME, SIDE, AWAY = "fake/1/r1/boxes", "fake/1/r2/boxes", "fake/2/r1/boxes"
SCOPES = (HOME, SIDE, AWAY)
NAMES = ("a", "b", "c")
CANARY = "canary-in-an-answer"
OK, DENIED, LATER, PARTIAL, FLAKY, SLOW = "ok", "denied", "later", "partial", "flaky", "slow"


@dataclass(frozen=True)
class Thing:
    """One box as the cloud has it. `policy` is a facet: a call of its own gives it, "" for none. `born` tells it from

    others that had its name.
    """

    born: int = 0
    size: int = 0
    policy: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """How a scope answers: OK, DENIED, LATER (its second page fails), PARTIAL (no policy of `names`), FLAKY, SLOW."""

    way: str = OK
    names: frozenset[str] = frozenset()


def name_of(scope: str, name: str) -> str:
    """Of a box, told from those of the other scopes of its account."""
    return f"{scope.split('/')[2]}{name}"


def urn_of(scope: str, name: str) -> str:
    return node_of(scope, name, Thing()).urn


def node_of(scope: str, name: str, thing: Thing) -> Node:
    born = f"2026-01-{1 + thing.born:02}T00:00:00Z"
    found = box(scope.split("/")[1], name_of(scope, name), size=thing.size, tags=dict(thing.tags), created_at=born)
    found.region = scope.split("/")[2]
    return found


@dataclass
class Estate(Cloud):
    """`live` is what there is. `dead`: whoever asks is a process that died, and changes nothing any more. `hung` is
    called when a scope takes longer than anybody waits; `judge` before each act."""

    live: dict[str, dict[str, Thing]] = field(default_factory=lambda: {scope: {} for scope in SCOPES})
    answers: dict[str, Answer] = field(default_factory=dict)
    acting: str = OK
    acted: list[str] = field(default_factory=list)
    dead: Callable[[], bool] = lambda: False
    hung: Callable[[], Any] = lambda: None
    judge: Callable[[str, str], None] = lambda scope, name: None
    arriving: Callable[[], Awaitable[None]] = nothing
    meanwhile: Callable[[str], Any] | None = None

    def __post_init__(self) -> None:
        self.boxes = {scope: [] for scope in SCOPES}

    async def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Any]:
        for key in SCOPES:
            yield self.scope(key)

    def answer(self, scope: str) -> Answer:
        return self.answers.get(scope, Answer())

    # -- reading

    async def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt]:
        """Two pages, and a call for each policy."""
        lane, way = Lane(scope.account, scope.region, "boxes"), self.answer(scope.key)
        listed: dict[str, Thing] = {}
        failed = 0
        for page in (NAMES[:1], NAMES[1:]):
            listed |= await reader.run(lane, "boxes:List", self._page(scope.key, page))
            for name in page:
                if name in listed:
                    unseen = way.way == PARTIAL and name in way.names
                    failed += unseen
                    yield await self._whole(scope.key, name, listed[name], reader, unseen=unseen)
        if failed:
            yield Gap("denied", "boxes:GetPolicy", "boxes:GetPolicy", "no policy for you", failed)

    def _page(self, scope: str, page: tuple[str, ...]) -> Callable[[], Any]:
        """One call for a page. What it answers holds what nobody may keep, as providers' answers do."""
        attempts, way, first = [0], self.answer(scope).way, page == NAMES[:1]

        async def answer() -> Mapping[str, Thing]:
            attempts[0] += 1
            if way == DENIED:
                raise Denied("not for you", operation="boxes:List", permission="boxes:List")
            if way == LATER and not first:
                raise Failed("the second page is broken", operation="boxes:List")
            if way == FLAKY and attempts[0] < 3:
                raise Temporary("503")
            if way == SLOW and not first:
                await self.hung()
            found = {name: self.live[scope][name] for name in page if name in self.live[scope]}
            if self.meanwhile and not first:
                await self.meanwhile(scope)
            return found

        return answer

    async def _whole(self, scope: str, name: str, thing: Thing, reader: Reader, *, unseen: bool) -> Node:
        """As collectors do: what cannot be seen is taken from what was known, and said to be so."""
        raw = {"size": thing.size, "policy": thing.policy, "password": CANARY}
        node = node_of(scope, name, thing)
        if not unseen:
            if raw["policy"]:
                node.document["policy"], node.facets = raw["policy"], frozenset({"policy"})
            return node
        last = await reader.last(node.urn)
        node.unseen = frozenset({"policy"})
        if last is None or "policy" in last.never:
            node.never = frozenset({"policy"})
        elif "policy" in last.document:
            node.document["policy"] = last.document["policy"]
        return node

    # -- acting

    def acts(self, kind: str) -> frozenset[str]:
        return frozenset({"tag", "untag"})

    def fault(self, node: Node, act: Act) -> str:
        return ""

    async def read(self, scope: Scope, node: Node, reader: Reader) -> Node | None:
        way, name = self.answer(scope.key), node.name[-1]
        if way.way in (DENIED, LATER, SLOW) or (way.way == PARTIAL and name in way.names):
            raise Denied("not for you", operation="boxes:Get", permission="boxes:Get")
        thing = self.live[scope.key].get(name)
        return await self._whole(scope.key, name, thing, reader, unseen=False) if thing else None

    async def act(self, scope: Scope, node: Node, act: Act, calls: Calls) -> None:
        name = node.name[-1]

        async def attempt() -> None:
            await self.arriving()
            if self.dead():
                raise Denied("whoever asks is not there any more")
            self.judge(scope.key, name)
            if self.acting == DENIED:
                raise Denied("not for you", permission="boxes:Tag")
            self.acted.append(node.urn)
            thing = self.live[scope.key][name]
            self.live[scope.key][name] = replace(thing, tags=tuple(sorted(act.wanted(dict(thing.tags)).items())))
            if self.acting == FLAKY:
                raise Temporary("the answer was lost")

        await calls.run(Lane(scope.account, scope.region, "boxes"), "boxes:Act", attempt)
