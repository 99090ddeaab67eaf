"""Reads the scopes that messages concern: as a run does, beside runs, and no scope together with one."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog

from syncd.errors import ReadError, StoreError
from syncd.hearer import Hearer
from syncd.hearing.around import Around
from syncd.hearing.turns import Ended, Turns
from syncd.model import Scope
from syncd.plugin import Selection
from syncd.sync.calls import HostCalls
from syncd.sync.perform import guards_of, now, patience_of
from syncd.sync.scope_run import Result, ScopeRunner

log = structlog.get_logger()

AT_ONCE = 12
"""Scopes that are read together, beside those of a run."""


class _Found(NamedTuple):
    """`blind`: accounts that could not be looked into, "" for all."""

    scopes: list[Scope]
    blind: frozenset[str]


class Readings:
    """`ended` is told the messages of which all is read, and whether anything was new."""

    def __init__(self, around: Around, hearer: Hearer, ended: Callable[[Ended, bool], None]) -> None:
        self.turns = Turns()
        self._around = around
        self._hearer = hearer
        self._ended = ended
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)

    def heard(self, message: str, scopes: Iterable[str]) -> None:
        self.turns.heard(message, scopes, self._around.clock())
        self._wake.set()

    async def serve(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                begun = self._around.clock()
                if due := self.turns.due(begun):
                    for scope in due:
                        self.turns.begin(scope, begun)
                    group.create_task(self._read(due), name="hearing-reading")
                try:
                    async with asyncio.timeout(self.turns.seconds(self._around.clock())):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _read(self, keys: list[str]) -> None:
        found = await self._find(keys)
        async with asyncio.TaskGroup() as group:
            for scope in found.scopes:
                group.create_task(self._scope(scope), name=f"hearing-{scope.key}")
            known = {scope.key for scope in found.scopes}
            for key in keys:
                if key not in known:  # not ours to read, or not to be reached now
                    good = not found.blind.intersection(("", key.split("/")[1]))
                    self._end(key, good=good, changed=good)

    async def _find(self, keys: list[str]) -> _Found:
        """The scopes with these keys that the configuration means."""
        scopes: list[Scope] = []
        blind: set[str] = set()
        wanted = set(keys)
        try:
            async for item in self._hearer.scopes(self._calls(), Selection(scopes=tuple(keys))):
                if not isinstance(item, Scope):
                    blind.add(item.account)
                elif item.key in wanted:
                    scopes.append(item)
        except ReadError as error:
            log.warning("hearing.blind", reason=str(error))
            blind.add("")
        except Exception:
            # A collector's bug hurts its own messages only: they come again.
            log.exception("hearing.crashed")
            blind.add("")
        return _Found(scopes, frozenset(blind))

    async def _scope(self, scope: Scope) -> None:
        around = self._around
        guards = guards_of(around.config().sync)
        runner = ScopeRunner(around.store, self._hearer, guards, self._calls, now, around.clock, outside=True)
        try:
            async with self._places:
                result = await runner.run(scope, accept=False)
        except StoreError as error:  # a full disk
            log.warning("hearing.waits", scope=scope.key, reason=str(error))
            self._end(scope.key, good=False, changed=False)
            return
        log.info("hearing.read", scope=scope.key, state=result.state, **_counts(result))
        # Another look soon helps against what failed; whatever else there is, the coverage tells.
        self._end(scope.key, good=result.state != "failed", changed=any(_counts(result).values()))

    def _end(self, key: str, *, good: bool, changed: bool) -> None:
        self._ended(self.turns.end(key, self._around.clock(), good=good, changed=changed), changed)
        self._wake.set()

    def _calls(self) -> HostCalls:
        return HostCalls(self._around.limits(), patience_of(self._around.config().sync))


def _counts(result: Result) -> dict[str, int]:
    done = result.outcome
    return {name: getattr(done, name) if done else 0 for name in ("created", "updated", "deleted")}
