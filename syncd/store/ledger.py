"""What a store notes beside the graph: runs and their steps, requests, switches; and waking who waits for events."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import aiosqlite

from syncd.plugin import Selection
from syncd.store import queries, requests, runs, steps
from syncd.store.journal import Event, Journal
from syncd.store.requests import Request, Wish
from syncd.store.writer import Writer, on_thread

T = TypeVar("T")


class Ledger:
    """The part of a store that knows no resources. `run`: the run that goes on, or was the last; `requests` wait."""

    _writer: Writer
    _reader: aiosqlite.Connection

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._wakes: set[asyncio.Event] = set()
        self.run = 0
        self.requests: list[Request] = []

    # -- runs

    async def ask(self, wish: Wish) -> tuple[Request, bool]:
        """Notes that a run is wanted. Returns the request, and whether it joined one that waits for the same."""
        now = self._now()

        def note(asked: tuple[Request, bool]) -> None:
            found, joined = asked
            if joined:
                self.requests = [found if each.id == found.id else each for each in self.requests]
            else:
                self.requests.append(found)

        return await self._writer.write(lambda c: requests.ask(c, now, wish), note)

    async def schedule(self) -> dict[str, str]:
        """Entry of the schedule → when it was last started."""
        return await on_thread(self._reader, requests.schedule)

    async def hear(self, workflows: Iterable[str]) -> dict[str, int]:
        """Workflow → the last event that started it; what is asked about for the first time hears from now on."""
        known = await self.read(requests.heard)
        new = {name: await self.events() for name in workflows if name not in known}
        for name, event in new.items():
            await self._writer.write(partial(requests.hear, workflow=name, event=event))
        return known | new

    async def begin(self, trigger: str = "", request: Request | None = None) -> int:
        """A new run, because of a request or without one."""
        now = self._now()
        of = request or Request(0, now, trigger, "", requests.COLLECT, Selection())

        def note(run: int) -> None:
            self.run = run
            self.requests = [each for each in self.requests if each.id != of.id]

        return await self._writer.write(lambda c: runs.begin(c, now, of), note)

    async def settle(self) -> None:
        """Closes runs whose process died."""
        now = self._now()
        await self._writer.write(lambda c: runs.close_interrupted(c, now))

    async def begin_step(self, position: int, name: str, body: dict[str, Any]) -> None:
        """A step of the run, and the event that is called like it."""
        now, run = self._now(), self.run
        await self._writer.write(lambda c: steps.begin(c, now, steps.Place(run, position, name), body))

    async def finish_step(self, position: int, name: str, state: str, answers: list[dict[str, Any]]) -> None:
        now, run = self._now(), self.run
        await self._writer.write(lambda c: steps.finish(c, now, steps.Place(run, position, name), state, answers))

    async def tell(self, event: Event) -> None:
        """Records something that happened outside any run."""
        await self.change(lambda journal: journal.tell(event))

    async def change(self, change: Callable[[Journal], T], then: Callable[[T], None] = lambda _: None) -> T:
        """Something that happens outside any run, with its events, as one transaction. `then`: see Writer.write."""
        now = self._now()

        def write(connection: sqlite3.Connection) -> T:
            journal = Journal(connection, now, 0)
            result = change(journal)
            journal.close()
            return result

        return await self._writer.write(write, then)

    async def flag(self, name: str) -> bool:
        """A switch that outlives the process; off until it is set."""
        async with self._reader.execute("select 1 from meta where name = ?", (name,)) as cursor:
            return await cursor.fetchone() is not None

    async def set_flag(self, name: str, *, on: bool) -> None:
        statement = "insert or replace into meta values (?, 'on')" if on else "delete from meta where name = ?"
        await self._writer.write(lambda c: c.execute(statement, (name,)).rowcount)

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """A whole transaction on what lies beside the graph. Raises StoreError: then nothing is written."""
        return await self._writer.write(change)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """A query of syncd.store.queries, on the reading connection."""
        return await on_thread(self._reader, query)

    def now(self) -> str:
        """The time as everything stored has it."""
        return self._now()

    # -- who waits for events

    @contextmanager
    def waking(self) -> Iterator[asyncio.Event]:
        """An event that is set after each commit. It carries nothing: who wakes looks into the store."""
        wake = asyncio.Event()
        self._wakes.add(wake)
        try:
            yield wake
        finally:
            self._wakes.discard(wake)

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()

    async def ping(self) -> None:
        """Returns when the writer has come round."""
        await self._writer.write(lambda _connection: None)

    @property
    def backlog(self) -> int:
        """Changes that wait to be written."""
        return self._writer.waiting

    async def events(self) -> int:
        """The number of the last event."""
        async with self._reader.execute("select value from counter where name = 'event'") as cursor:
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def account_names(self) -> dict[str, str]:
        """Account id → name, of the accounts that are nodes."""
        return await self.read(queries.account_names)
