"""Reads one scope: its list page by page, what its parents ask for, tags and facets; yields nodes, gaps and doubts."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from functools import cached_property, partial
from itertools import chain
from typing import Any

from collectors.aws.asking import Asking
from collectors.aws.client import Client
from collectors.aws.derive import Deriver, Item
from collectors.aws.facets import AT_ONCE, FacetReading
from collectors.aws.parents import Listed, Parents
from collectors.aws.places import Place
from collectors.aws.plans import KindPlan, ParentPlan, ScopePlan
from collectors.aws.recognising import Recognising, Room
from collectors.aws.tagging import BulkTags
from collectors.aws.usage import Usage
from collectors.aws.work import merge
from syncd.errors import Absent, Failed, Gone, ReadError
from syncd.model import Doubt, Gap, Imprint, Node, Same
from syncd.plugin import Reader

Document = dict[str, Any]
Page = tuple[Document, Listed]
"""One answer of a list call; the URN of the parent that it was asked for, and what is kept of that."""

NO_PARENT: Listed = ("", {})
_MOST = 2000
_ENOUGH = 64  # items that wait before their facets are asked for, so that small answers wait for each other


class Engine:
    """What the readings of one run share: the client, the parents' lists and the tags of whole regions."""

    def __init__(self, client: Client, tags: BulkTags, usage: Usage | None = None) -> None:
        self._client = client
        self._tags = tags
        self._usage = usage
        self._parents = Parents()
        self._room = Room()

    def expect(self, plan: ScopePlan, account: str, region: str) -> None:
        """The scope will be read: what it shares with others is kept until then."""
        self._parents.expect(plan, account, region)
        self._tags.expect(plan, account, region)

    def done(self, plan: ScopePlan, account: str, region: str) -> None:
        """The scope has been read, or will not be."""
        self._parents.done(plan, account, region)
        self._tags.done(plan, account, region)

    async def collect(
        self, plan: ScopePlan, place: Place, region: str, reader: Reader
    ) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
        """All nodes of the scope, or that they are the same; or raises a ReadError."""
        names = {"account": place.account, "region": region, "partition": place.partition}
        asking = Asking(self._client, reader, place.identity, region, names)
        readings = [_Reading(asking, kind, self._tags, usage=self._usage) for kind in plan.kinds]
        recognising = self._recognising(plan, place, reader)
        try:
            async with aclosing(self._pages(plan, asking, recognising=recognising)) as pages:
                async for page, parent in pages:
                    if not sum([reading.take(page, parent) for reading in readings]):
                        asking.doubt(f"{plan.target} answered with nothing")
                    for reading in _due(readings):
                        for node in await reading.nodes():
                            yield node
            for reading in _due(readings, ended=True):
                for node in await reading.nodes():
                    yield node
        finally:
            self.done(plan, place.account, region)
        for told in chain(asking.told(), recognising.told() if recognising is not None else ()):
            yield told

    def _recognising(self, plan: ScopePlan, place: Place, reader: Reader) -> Recognising | None:
        """None where answers may be what they were though the nodes are not, or are in doubt."""
        measured = self._usage is not None and self._usage.measures(plan.kind_names)
        if reader.again or measured or not plan.is_plain:
            return None
        return Recognising(reader.imprint, self._room, place.partition)

    async def one(
        self, plan: ScopePlan, place: Place, region: str, reader: Reader, urn: str, narrow: Document | None
    ) -> Node | None:
        """One node of the scope, whole, or None where it is not listed. `narrow`: what the list is asked with for it.

        Raises a ReadError when any part of it could not be seen.
        """
        names = {"account": place.account, "region": region, "partition": place.partition}
        asking = Asking(self._client, reader, place.identity, region, names)
        reading = _Reading(asking, plan.kinds[0], self._tags, urn, self._usage)
        try:
            async with aclosing(self._pages(plan, asking, narrow)) as pages:
                async for page, parent in pages:
                    reading.take(page, parent)
        except Gone:
            if narrow is None:
                raise
        nodes = [node for _ in _due([reading], ended=True) for node in await reading.nodes()]
        for missed in asking.missing():
            raise missed
        if nodes and nodes[0].unseen:
            raise Failed(f"{urn}: {', '.join(sorted(nodes[0].unseen))} could not be asked for")
        return nodes[0] if nodes else None

    async def _pages(
        self,
        plan: ScopePlan,
        asking: Asking,
        narrow: Document | None = None,
        recognising: Recognising | None = None,
    ) -> AsyncGenerator[Page]:
        """Every page of the list, of all parents where it has some; none when all are what they were."""
        if plan.parent is None:
            args = (plan.call.args.one({}, asking.place) or {}) | (narrow or {})
            async with aclosing(_own(plan, asking, args, recognising)) as own:
                async for page in own:
                    yield page, NO_PARENT
            return
        listed = await self._parents.of(plan.parent, asking, self._listed)
        if not listed:
            asking.doubt(f"{plan.parent.scope.target}: no {plan.parent.kind.kind} to ask about")
        sources = (partial(self._of_parent, plan, asking, *each) for each in _calls(plan, plan.parent, listed, asking))
        async with aclosing(merge(sources, AT_ONCE)) as pages:
            async for found in pages:
                yield found

    async def _of_parent(self, plan: ScopePlan, asking: Asking, args: Document, parent: Listed) -> AsyncIterator[Page]:
        """The list of one parent. A parent that is gone takes its children with it, but only when seen twice."""
        try:
            async for page in asking.pages(plan.call, args):
                yield page, parent
        except Gone as error:
            if asking.again:
                raise Failed(error.reason, operation=error.operation, permission=error.permission) from None
            asking.doubt(f"{error.reason}: what it was asked about is gone", always=True)

    async def _listed(self, plan: ParentPlan, asking: Asking) -> AsyncIterator[list[Listed]]:
        """The nodes of a parent's own list with what their children need."""
        deriver = Deriver(plan.kind.shaping, asking.place)
        async for page, (above, keep) in self._pages(plan.scope, asking):
            documents = plan.kind.extract(page)
            if not documents:
                asking.doubt(f"{plan.scope.target} answered with nothing")
            found: list[Listed] = []
            for document in documents:
                document.update(keep)
                needed = {key: value for key, value in document.items() if key in plan.needed}
                found.append((deriver.item(document, above).urn, needed))
            yield found


async def _own(
    plan: ScopePlan, asking: Asking, args: Document, recognising: Recognising | None
) -> AsyncGenerator[Document]:
    """The pages of a list that no parent is needed for."""
    try:
        for each in plan.each:
            async for page in _answered(plan, asking, each | args, recognising):
                yield page
        if recognising is not None and not recognising.same:
            for page in recognising.released():
                yield page
    finally:
        if recognising is not None:
            recognising.close()


async def _answered(
    plan: ScopePlan, asking: Asking, args: Document, recognising: Recognising | None
) -> AsyncIterator[Document]:
    """The pages of one list. What the provider says is not there is one resource without anything, or none at all;

    said of a later page it would cut the list short.
    """
    begun = False
    before = recognising.answers if recognising is not None else 0
    try:
        async for page in asking.recognised(plan.call, args, recognising):
            begun = True
            yield page
    except Absent as error:
        if recognising is not None:
            begun = recognising.answers > before
            recognising.spoil()
        if begun:
            raise Failed(f"{plan.target}: {error} in the middle of a list", operation=plan.call.permission) from None
        if plan.nothing is None:
            asking.doubt(f"{plan.target} says that there is none")
        else:
            yield plan.nothing


def _calls(
    plan: ScopePlan, parent: ParentPlan, listed: Iterable[Listed], asking: Asking
) -> Iterator[tuple[Document, Listed]]:
    """The calls that ask about all parents, each with what its answers are filled up with."""
    constant = plan.call.args.one({}, asking.place) or {}
    where, place = parent.where, asking.place
    wanted = [each for each in listed if (where is None or where(each[1])) and _is_own(each[1], parent, place)]
    if not parent.single:
        for args in parent.args.many((document for _, document in wanted), place, parent.batch):
            yield {**constant, **args}, NO_PARENT
        return
    for urn, document in wanted:
        args_of_one = parent.args.one(document, place)
        if args_of_one is not None:
            kept = {key: make(document, place) for key, make in parent.keep.items()}
            yield {**constant, **args_of_one}, (urn, kept)


def _is_own(document: Document, parent: ParentPlan, place: Mapping[str, str]) -> bool:
    """What does not say whose it is, is ours."""
    return parent.own is None or parent.own(document) in (None, "", place["account"])


def _due(readings: Iterable["_Reading"], *, ended: bool = False) -> Iterator["_Reading"]:
    for reading in readings:
        while reading.is_due(ended):
            yield reading


class _Reading:
    """One kind in one reading: items wait until there are enough to ask for their facets together.

    `only`: the URN of the one that is wanted, "" for all.
    """

    def __init__(
        self, asking: Asking, plan: KindPlan, tags: BulkTags, only: str = "", usage: Usage | None = None
    ) -> None:
        self._asking = asking
        self._only = only
        self._usage = usage
        self._plan = plan
        self._tags = tags
        self._waiting: list[Item] = []
        self._seen: set[str] = set()
        # Nobody has looked whether the things of one parent are never another's: all must be known before one is told.
        self._shared: dict[str, int] | None = {} if plan.entry.derived and plan.entry.parent is not None else None
        self._enough = _ENOUGH if plan.levels else 1
        self._size = _ENOUGH
        self._in_bulk = False

    def is_due(self, ended: bool) -> bool:
        """Whether enough items wait that their facets may be asked for together; at the end any."""
        return len(self._waiting) >= (1 if ended else self._enough) and (ended or self._shared is None)

    def take(self, page: Document, parent: Listed) -> int:
        """Takes the items of a page. Raises Failed for one that is not what it should be."""
        documents = self._plan.extract(page)
        if not documents:
            return 0
        urn, kept = parent
        for document in documents:
            if kept:
                document.update(kept)
            item = self._deriver.item(document, urn)
            if self._only and item.urn != self._only:
                continue
            if item.urn not in self._seen:
                if self._shared is not None:
                    self._shared[item.urn] = len(self._waiting)
                self._seen.add(item.urn)
                self._waiting.append(item)
            elif not self._is_of_several(item):
                self._repeated(item)
        return len(documents)

    # Most scopes of a wide estate are empty: these are made when there is something to read.
    @cached_property
    def _deriver(self) -> Deriver:
        return Deriver(self._plan.shaping, self._asking.place)

    @cached_property
    def _facets(self) -> FacetReading:
        return FacetReading(self._asking, self._plan, self._deriver, self._tags)

    def _is_of_several(self, item: Item) -> bool:
        """What several parents list hangs on the first of them by name, whoever answers first."""
        if self._shared is None:
            return False
        place = self._shared[item.urn]
        known = self._waiting[place]
        if item.parent < known.parent:
            self._waiting[place] = item
        return item.parent != known.parent

    def _repeated(self, item: Item) -> None:
        """Lists that change while they are paged may repeat an item; the host does not believe one that still does."""
        self._asking.doubt(f"{self._plan.kind}: {item.urn} is listed more than once", always=True)

    async def nodes(self) -> list[Node]:
        """Of those that wait: first so many as tell whether the sweep can be trusted, then as many as fit memory."""
        items, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
        self._size = _MOST if self._plan.levels else _ENOUGH  # few at once stay in the processor's cache
        tagged, others = await self._tag(items)
        if tagged:
            await self._facets.complete(tagged, tagged=True)
        if others:
            await self._facets.complete(others, tagged=False)
            if not tagged and not any(item.tags or "tags" in item.unseen for item in items):
                self._in_bulk = True  # asked one by one they have none either: the sweep is right about the rest
        nodes = [self._deriver.node(item) for item in items]
        if self._usage is not None:
            await self._usage.fill(self._plan.kind, self._asking, nodes)
        return nodes

    async def _tag(self, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """Tags from the region's sweep, and the items to ask about one by one: it failed, or leaves a doubt."""
        if not self._plan.tagging or self._plan.elsewhere:
            return [], items
        try:
            tags = await self._tags.of(self._asking)
        except ReadError as error:
            if not self._plan.tags_call:
                self._asking.missed(error, self._tags.call, len(items))
                await self._facets.unseen_tags(items)
            return [], items
        self._in_bulk = self._in_bulk or any(item.urn in tags for item in items)
        self._facets.swept = True
        if not self._in_bulk and self._plan.tags_call:
            return [], items  # the sweep knows none of them: not every service tells it all, so the first are asked
        tagged, others = [], []
        for item in items:
            item.tags = tags.get(item.urn) or {}
            if item.tags:
                item.given.add("tags")
            elif self._plan.tags_call and self._asking.had_tags(item.urn):
                others.append(item)  # tags are not gone because a sweep does not name them
                continue
            tagged.append(item)
        return tagged, others
