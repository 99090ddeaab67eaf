"""Lists that other lists are asked with: read once a run and place, kept as little as is needed, dropped when done."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from msgspec import Struct, field

from collectors.aws.asking import Asking
from collectors.aws.plans import ParentPlan, ScopePlan
from syncd.errors import ReadError

Document = dict[str, Any]
Listed = tuple[str, Document]
"""The URN of a parent and what its children need of its document."""
Lister = Callable[[ParentPlan, Asking], AsyncIterator[list[Listed]]]


class _Parents(Struct):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: list[Listed] | None = None
    error: ReadError | None = None
    doubts: dict[str, bool] = field(default_factory=dict)


class Parents:
    """The parents' lists of one run."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str, str, bool], _Parents] = {}
        self._waiting: dict[tuple[str, str, str], set[str]] = {}

    def expect(self, plan: ScopePlan, account: str, region: str) -> None:
        """A scope of this place will ask: the list is kept until it has."""
        for kind in _above(plan):
            self._waiting.setdefault((kind, account, region), set()).add(plan.name)

    def done(self, plan: ScopePlan, account: str, region: str) -> None:
        for kind in _above(plan):
            waiting = self._waiting.get((kind, account, region), set())
            waiting.discard(plan.name)
            if not waiting:
                self._lists.pop((kind, account, region, False), None)
                self._lists.pop((kind, account, region, True), None)

    async def of(self, plan: ParentPlan, asking: Asking, listed: Lister) -> list[Listed]:
        """All parents of a place. A failure is the same for all that ask."""
        key = (plan.kind.kind, asking.identity.account, asking.region, asking.again)
        entry = self._lists.setdefault(key, _Parents())
        async with entry.lock:
            if entry.found is None and entry.error is None:
                await _fill(entry, plan, asking, listed)
        if entry.error is not None:
            raise type(entry.error)(
                entry.error.reason, operation=entry.error.operation, permission=entry.error.permission
            )
        assert entry.found is not None
        asking.doubts.update(entry.doubts)
        return entry.found


async def _fill(entry: _Parents, plan: ParentPlan, asking: Asking, listed: Lister) -> None:
    before = dict(asking.doubts)
    try:
        # One that several grandparents list is asked about once.
        entry.found = [*{each[0]: each async for page in listed(plan, asking) for each in page}.values()]
    except ReadError as error:
        entry.error = error
    # What is doubtful about the list is so for everyone who is given it.
    entry.doubts = {reason: always for reason, always in asking.doubts.items() if reason not in before}


def _above(plan: ScopePlan) -> list[str]:
    """The kinds of the lists that a scope is asked with, nearest first."""
    found = []
    parent = plan.parent
    while parent is not None:
        found.append(parent.kind.kind)
        parent = parent.scope.parent
    return found
