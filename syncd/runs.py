"""Runs one after the other: what is asked for while one goes on waits, once, and outlives the process."""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from syncd.errors import StoreError, SyncdError
from syncd.store import queries
from syncd.store.requests import Request, Wish
from syncd.store.store import Store
from syncd.sync.perform import Performer
from syncd.sync.run import Run
from syncd.sync.summary import RunSummary

log = structlog.get_logger()

PAUSED = "paused"
AGAIN = 30.0
"""Seconds after which a run is tried again that the store (a full disk) did not let begin or end."""


@dataclass(slots=True)
class Current:
    """The run that goes on. `begun` in monotonic seconds; `earlier`: seconds and scopes of the last one like it."""

    request: Request
    run: Run
    number: int
    started: str
    begun: float
    earlier: tuple[float, int] | None = None

    def remaining(self, now: float) -> float | None:
        """Seconds until the end, by the last run like it, else by what is done; None when nothing is known."""
        done, total = self.run.states.total(), self.run.found
        elapsed = now - self.begun
        if self.earlier:
            seconds, scopes = self.earlier
            return max(0.0, seconds * (1 - done / max(total, scopes, 1)))
        return elapsed * (total - done) / done if done and not self.run.discovering else None


class Runs:
    """The queue and the one run that goes on."""

    def __init__(self, store: Store, performer: Performer) -> None:
        self.store = store
        self.current: Current | None = None
        self.paused = False
        self._performer = performer
        self._wake = asyncio.Event()
        self._task: asyncio.Task[RunSummary] | None = None
        self._request: Request | None = None
        self.finished: Callable[[RunSummary, str], None] = lambda summary, trigger: None
        self._earlier: dict[tuple[object, ...], tuple[float, int]] = {}
        performer.watch = self._begun

    async def load(self) -> None:
        """What outlived the last process: whether runs are paused, how long each took. Runs left open are closed."""
        self.paused = await self.store.flag(PAUSED)
        await self.store.settle()
        for workflow, selection, seconds, scopes in await self.store.read(queries.costs):
            self._earlier[(workflow, selection, ())] = (seconds, scopes)

    async def ask(self, wish: Wish) -> tuple[Request, bool]:
        """Returns the request, and whether it joined one that waits for the same."""
        request, joined = await self.store.ask(wish)
        self._wake.set()
        return request, joined

    async def pause(self, *, on: bool) -> None:
        """No run begins while paused, also after a restart; the one that goes on ends."""
        await self.store.set_flag(PAUSED, on=on)
        self.paused = on
        self._wake.set()

    def cancel(self, number: int) -> bool:
        """Whether that run was going on."""
        if self._task is None or self.current is None or self.current.number != number:
            return False
        self._cancel()
        return True

    def _cancel(self) -> None:
        """Once: a second time would disturb it while it writes down its end."""
        if self._task and not self._task.cancelling():
            self._task.cancel()

    async def serve(self) -> None:
        """Performs what is asked for, until it is cancelled: then the run that goes on is cancelled with it."""
        while True:
            self._wake.clear()
            if not self.paused and self.store.requests:
                await self._perform(self.store.requests[0])
            else:
                await self._wake.wait()

    async def _perform(self, request: Request) -> None:
        self._request = request
        self._task = asyncio.create_task(self._performer.perform(request), name=f"run-of-request-{request.id}")
        try:
            await asyncio.wait([self._task])
        except asyncio.CancelledError:
            self._cancel()
            await asyncio.wait([self._task])
            raise
        finally:
            task, current = self._task, self.current
            self._task = self.current = None
            gc.collect()  # what a run leaves is full of cycles, and the search for them is rare otherwise
        await self._ended(task, request, current)

    async def _ended(self, task: asyncio.Task[RunSummary], request: Request, current: Current | None) -> None:
        number = current.number if current else 0
        if task.cancelled():
            log.info("run.cancelled", run=number, request=request.id)
            self.finished(RunSummary(number, "cancelled"), request.trigger)
            return
        error = task.exception()
        if error is None:
            summary = task.result()
            self._earlier[_like(request)] = (summary.seconds, sum(summary.scopes.values()))
            self.finished(summary, request.trigger)
            return
        self.finished(RunSummary(number, "failed"), request.trigger)
        if not isinstance(error, SyncdError):
            raise error
        log.error("run.failed", run=number, request=request.id, reason=str(error))
        if isinstance(error, StoreError):
            await self._once_more(request)

    async def _once_more(self, request: Request) -> None:
        """A full disk: the request is put back into the store as soon as that takes it, then tried again."""
        wish = Wish(request.trigger, request.asker, request.selection, request.accept, request.workflow)
        waits = any(each.id == request.id for each in self.store.requests)
        while True:
            try:
                if not waits:
                    await self.store.ask(wish)
                    waits = True
            except StoreError as error:
                log.warning("run.waits", reason=str(error))
            await asyncio.sleep(AGAIN)
            if waits:
                return

    def _begun(self, run: Run) -> None:
        assert self._request is not None
        earlier = self._earlier.get(_like(self._request))
        number, started = self.store.run, run.now()
        self.current = Current(self._request, run, number, started, time.monotonic(), earlier)


def _like(request: Request) -> tuple[object, ...]:
    return (request.workflow, request.selection, request.accept)
