"""What its own calls give of each node; where one fails, the last known values are kept and marked as not seen."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from collectors.aws.asking import Asking
from collectors.aws.derive import Deriver, Item, tags_of
from collectors.aws.entries import When
from collectors.aws.outline import PAGING_MEMBERS
from collectors.aws.paths import getter
from collectors.aws.plans import FacetCall, KindPlan, Take
from collectors.aws.tagging import BulkTags
from collectors.aws.work import Job, run_all
from syncd.errors import Absent, Failed, Gone, ReadError
from syncd.model import Last

Document = dict[str, Any]

AT_ONCE = 32
"""Calls of one scope under way together; the host's limits decide how many of them are sent."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_UNASKED: Any = object()


class FacetReading:
    """Asks for the facets of the items of one kind. Made for one reading.

    `swept`: the tagging API answered, and names no tags of the nodes that are asked for theirs one by one.
    """

    def __init__(self, asking: Asking, plan: KindPlan, deriver: Deriver, tags: BulkTags) -> None:
        self._asking = asking
        self._plan = plan
        self._deriver = deriver
        self._tags = tags
        self._last: dict[str, Last | None] = {}
        self._tagged = False
        self.swept = False
        self._wholes: dict[int, asyncio.Future[list[Any]]] = {}

    async def complete(self, items: list[Item], *, tagged: bool) -> None:
        """Fills the items in place. `tagged` is true when their tags are known already."""
        self._tagged = tagged
        for level in self._plan.levels:
            await run_all((job for call in level if self._is_wanted(call) for job in self._jobs(call, items)), AT_ONCE)
        if self._plan.shaping.tags_key and self._plan.levels:
            for item in items:
                self._tags_among_others(item)
        self._last.clear()

    def _is_wanted(self, call: FacetCall) -> bool:
        return not self._tagged or any(not take.facet.tags for take in call.takes)

    def _tags_among_others(self, item: Item) -> None:
        """Tags among other parts of the document leave it; they count where no call of their own gives them."""
        found = self._deriver.take_tags(item.document)
        if found and not self._tagged and not self._plan.tags_call:
            item.tags = found
            item.given.add("tags")

    async def unseen_tags(self, items: Iterable[Item]) -> None:
        """No call could give the tags: the last known ones stay."""
        for item in items:
            await self._carry(item, frozenset({"tags"}))
        self._last.clear()

    def _jobs(self, call: FacetCall, items: list[Item]) -> Iterator[Job]:
        wanted = [item for item in items if _wanted(call.when, item.document) and not self._is_known(call, item)]
        if call.match is not None:
            yield from self._batches(call, wanted)
            return
        for item in wanted:
            yield self._job(call, item)
        if call.when is not None:
            yield from self._undecided(call, [item for item in items if item.unseen])

    def _is_known(self, call: FacetCall, item: Item) -> bool:
        """Whether the document holds already what the call would give."""
        value = call.known(item.document) if call.known is not None else None
        if value:
            for take in call.takes:
                self._apply(take, item, value)
        return bool(value)

    def _job(self, call: FacetCall, item: Item) -> Job:
        async def job() -> None:
            args = call.call.args.one(item.document, self._asking.place)
            region = call.region(item.document, self._asking.place) if call.region is not None else ""
            if args is None or (call.region is not None and not region):
                await self._unasked(call, item)
                return
            if region and call.gives_tags and self._plan.tagging and await self._swept_tags(item, region):
                return
            try:
                answer = await self._answer(call, args, region)
                for take, value in zip(call.takes, answer, strict=True):
                    self._apply(take, item, value)
            except ReadError as error:
                await self._failed(call, [item], error)

        return job

    async def _swept_tags(self, item: Item, region: str) -> bool:
        """Tags from the sweep of the region where the node lies; one that it does not name is asked about itself."""
        try:
            found = (await self._tags.of(self._asking, region)).get(item.urn)
        except ReadError:
            return False
        if found:
            item.tags = found
            item.given.add("tags")
        return bool(found)

    def _undecided(self, call: FacetCall, items: list[Item]) -> Iterator[Job]:
        """Whether these are asked at all depends on a facet that failed and was never seen."""
        assert call.when is not None
        root = call.when.key.split(".")[0]
        for item in items:
            if root in item.never:
                yield partial(self._carry, item, self._keys(call, item))

    async def _unasked(self, call: FacetCall, item: Item) -> None:
        """The call lacks an argument: because what it comes from was not seen, or because there is none."""
        if item.unseen:
            await self._carry(item, self._keys(call, item))

    async def _answer(self, call: FacetCall, args: Mapping[str, Any], region: str) -> list[Any]:
        """What each take finds, None where the provider says that there is none."""
        try:
            if not call.pages:
                answer = await self._asking.one(call.call, args, region)
                return [take.get(answer) for take in call.takes]
            found: list[list[Any]] = [[] for _ in call.takes]
            async for page in self._asking.pages(call.call, args, region):
                for take, parts in zip(call.takes, found, strict=True):
                    parts.extend(take.get(page) or ())
        except Absent:
            return [None for _ in call.takes]
        return [*found]

    def _batches(self, call: FacetCall, items: list[Item]) -> Iterator[Job]:
        by_document = {id(item.document): item for item in items}
        documents = [item.document for item in items]
        for args, asked in call.call.args.grouped(documents, self._asking.place, call.batch):
            yield self._batch(call, args, [by_document[id(document)] for document in asked])

    def _batch(self, call: FacetCall, args: Mapping[str, Any], items: list[Item]) -> Job:
        async def job() -> None:
            try:
                answer = self._whole(call, args) if call.call.args.constant else self._answer(call, args, "")
                await self._matched(call, items, await answer)
            except Gone as error:
                if len(items) == 1:
                    await self._failed(call, items, error)
                    return
                for item in items:  # which one of them is gone shows one by one
                    for single in self._batches(call, [item]):
                        await single()
                return
            except ReadError as error:
                await self._failed(call, items, error)

        return job

    async def _whole(self, call: FacetCall, args: Mapping[str, Any]) -> list[Any]:
        """An answer about all nodes of the scope: asked for once in a reading."""
        if id(call) not in self._wholes:
            self._wholes[id(call)] = asyncio.ensure_future(self._answer(call, args, ""))
        return await self._wholes[id(call)]

    async def _matched(self, call: FacetCall, items: list[Item], answer: list[Any]) -> None:
        assert call.match is not None
        of_item, of_node = call.match
        missing: list[Item] = []
        for take, values in zip(call.takes, answer, strict=True):
            found = {of_item(value): value for value in values or () if isinstance(value, dict)}
            for item in items:
                value = found.get(of_node(item.document), _UNASKED)
                if value is _UNASKED:
                    missing.append(item)
                else:
                    self._apply(take, item, value.get(take.member) if take.member else value)
        if missing:
            label = call.call.operation.label
            reason = f"{label}: asked about {len(items)}, answered about {len(items) - len(missing)}"
            await self._failed(call, missing, Gone(reason, operation=label, permission=""))

    async def _failed(self, call: FacetCall, items: list[Item], error: ReadError) -> None:
        """Gone on a first reading is a reason to look again; whatever fails keeps what was known."""
        if self.swept and all(take.facet.tags for take in call.takes):
            # The region's sweep knows no tags of these, this call was to make sure: only known tags are at stake.
            items = [item for item in items if self._asking.had_tags(item.urn)]
            if not items:
                return
        if isinstance(error, Gone):
            if not self._asking.again:
                self._asking.doubt(f"{error.reason}: listed, but gone a moment later", always=True)
            error = Failed(error.reason, operation=error.operation, permission=error.permission)
        self._asking.missed(error, call.call, len(items))
        for item in items:
            await self._carry(item, self._keys(call, item))

    async def _last_of(self, item: Item) -> Last | None:
        if item.urn not in self._last:
            self._last[item.urn] = await self._asking.last(item.urn)
        return self._last[item.urn]

    async def _carry(self, item: Item, keys: frozenset[str]) -> None:
        """Takes over what the store last knew, and marks it."""
        last = await self._last_of(item)
        item.unseen |= keys
        for key in keys:
            if last is None or key in last.never:
                item.never.add(key)
            elif key == "tags":
                item.tags = last.tags
            elif key in last.document:
                item.document[key] = last.document[key]

    def _keys(self, call: FacetCall, item: Item) -> frozenset[str]:
        """What the call could have given and the list did not."""
        keys: set[str] = set()
        for take in call.takes:
            if not take.facet.tags:
                keys |= (take.keys - item.own) | (take.richer & take.keys)
            elif not self._tagged:
                keys.add("tags")
        return frozenset(keys)

    def _apply(self, take: Take, item: Item, value: Any) -> None:
        facet = take.facet
        if facet.tags:
            self._tag(take, item, value)
        elif facet.into:
            value = facet.default if value in _EMPTY else value
            if value not in _EMPTY:
                item.document[facet.into] = value
                item.given.add(facet.into)
        elif value:
            self._merge(take, item, value)

    def _tag(self, take: Take, item: Item, value: Any) -> None:
        if not self._tagged:
            item.tags = tags_of(value, take.tag_names) if value else {}
            if item.tags:
                item.given.add("tags")

    def _merge(self, take: Take, item: Item, value: Any) -> None:
        if not isinstance(value, dict):
            raise Failed(f"{take.facet.call}: expected a structure, found {str(value)[:60]!r}")
        tags_key = self._plan.shaping.tags_key
        for key, part in value.items():
            if key in PAGING_MEMBERS or (key in item.own and key not in take.richer):
                continue
            item.document[key] = part
            if part not in _EMPTY and key != tags_key:
                item.given.add(key)


def _wanted(when: When | None, document: Document) -> bool:
    if when is None:
        return True
    value: Any = _get(when.key)(document)
    return value == when.value if when.value is not None else value not in _EMPTY and value is not False


_getters: dict[str, Callable[[Document], Any]] = {}


def _get(path: str) -> Callable[[Document], Any]:
    found = _getters.get(path)
    if found is None:
        found = _getters[path] = getter(path)
    return found
