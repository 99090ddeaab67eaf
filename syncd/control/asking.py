"""Work on the picture in threads with connections of their own: never many at once, and never in the loop's way."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import orjson
from aiohttp import web

from syncd.control import answers
from syncd.control.answers import Problem
from syncd.control.core import Core
from syncd.store.reader import Readers

T = TypeVar("T")

AT_ONCE = 4
"""Questions under way."""
AGAIN = 1
"""Seconds after which one that was sent away may come again."""
LARGEST = 64 << 20
"""Bytes of one answer; those that wait for their readers have four times as much together."""
TOGETHER = 1 << 16
"""Bytes that are written at a time."""


class Asking:
    """A thread for each question under way. What it finds is whole before the first byte of it is sent."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pool = ThreadPoolExecutor(AT_ONCE, "asking")
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._readers = Readers(core.store.path, AT_ONCE)
        self._connections: set[sqlite3.Connection] = set()
        self._waiting = 0

    async def work(self, what: Callable[[sqlite3.Connection], T]) -> T:
        """Raises Problem where too much is under way; else what `what` raises."""
        if self._waiting >= AT_ONCE * LARGEST or not self._places.acquire(blocking=False):
            raise busy()
        try:
            job = self._pool.submit(self._done, what)
        except RuntimeError:  # the daemon ends
            self._places.release()
            raise busy() from None
        return await asyncio.shield(asyncio.wrap_future(job))  # its place is free when it ends, not when nobody waits

    def _done(self, what: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._readers.searching() as connection:
                self._connections.add(connection)
                try:
                    return what(connection)
                finally:
                    self._connections.discard(connection)
        finally:
            self._places.release()

    async def lines(self, request: web.Request, found: list[bytes]) -> web.StreamResponse:
        """A stream of what was found. It counts until its reader has it, or is gone."""
        size = sum(map(len, found))
        self._waiting += size
        try:
            return await answers.lines(request, _each(found))
        finally:
            self._waiting -= size

    def close(self) -> None:
        """Ends what is under way."""
        for connection in list(self._connections):
            connection.interrupt()
        self._readers.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def busy() -> Problem:
    return Problem(503, "busy", "too many searches at a time: try again in a moment", again=AGAIN)


def encoded(first: dict[str, Any], rows: Iterable[Any], largest: int = LARGEST) -> list[bytes]:
    """A line that says what follows, then one for each row. `more` is true where an answer may have no more bytes."""
    found: list[bytes] = []
    size = 0
    for row in rows:
        found.append(_line(row))
        size += len(found[-1])
        if size > largest:
            return [_line({**first, "more": True}), *found[:-1]]
    return [_line(first), *found]


def _line(value: Any) -> bytes:
    return orjson.dumps(value, default=str)


async def _each(found: list[bytes]) -> AsyncIterator[orjson.Fragment]:
    """Many lines at a time, and a breath in between: who reads fast would keep the loop for itself."""
    start = 0
    while start < len(found):
        end, size = start, 0
        while end < len(found) and size < TOGETHER:
            size += len(found[end])
            end += 1
        yield orjson.Fragment(b"\n".join(found[start:end]))
        start = end
        await asyncio.sleep(0)
