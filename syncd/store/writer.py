"""One task owns the only writing connection. A change is a whole transaction that no cancelled caller reaches into."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar, cast

import aiosqlite

from syncd.errors import StoreError, StoreFull

T = TypeVar("T")
Transaction = Callable[[sqlite3.Connection], T]

QUEUE = 32
FULL = ("disk is full", "disk i/o error", "file too large")


def _transact(connection: sqlite3.Connection, change: Transaction[T]) -> T:
    """Runs in the connection's own thread, in one hop: a hop costs a quarter millisecond."""
    connection.execute("begin immediate")
    try:
        result = change(connection)
        connection.execute("commit")
    except BaseException:
        # SQLITE_FULL has rolled back by itself.
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    return result


def as_store_error(error: sqlite3.Error) -> StoreError:
    """The one-line form of SQLite's errors, with what to do."""
    text = str(error).lower()
    if any(word in text for word in FULL):
        return StoreFull(f"the disk is full or cannot be written ({error}): make room and run again, nothing is lost")
    return StoreError(f"the store cannot be written: {error}")


async def on_thread(connection: aiosqlite.Connection, function: Callable[[sqlite3.Connection], T]) -> T:
    """Runs a function of the bare connection in aiosqlite's thread, in one hop."""
    execute: Any = connection._execute  # noqa: SLF001  the public calls are one statement a hop
    return cast("T", await execute(function, connection._conn))  # noqa: SLF001


class Writer:
    """Takes whole transactions from a bounded queue: callers wait when it is full, that is the backpressure."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._queue: asyncio.Queue[tuple[Transaction[Any], asyncio.Future[Any]] | None] = asyncio.Queue(QUEUE)
        self._task = asyncio.create_task(self._run(), name="store-writer")
        self._closed = False

    async def write(self, change: Transaction[T]) -> T:
        """Commits `change`, returns what it returned. Raises what it raised or StoreError: then nothing is written."""
        if self._closed:
            raise StoreError("the store is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._queue.put((change, done))
        return await asyncio.shield(done)

    async def close(self) -> None:
        """Drains the queue, then ends."""
        if not self._closed:
            self._closed = True
            await self._queue.put(None)
        await self._task

    async def _run(self) -> None:
        while (item := await self._queue.get()) is not None:
            change, done = item
            try:
                result = await on_thread(self._connection, lambda c, change=change: _transact(c, change))  # type: ignore[misc]
            except sqlite3.Error as error:
                settle(done, as_store_error(error))
            except Exception as error:  # noqa: BLE001  handed to the caller whole, whatever it is
                settle(done, error)
            else:
                if not done.done():
                    done.set_result(result)


def settle(done: asyncio.Future[Any], error: Exception) -> None:
    """Hands an error to the caller, if it is still there."""
    if not done.done():
        done.set_exception(error)
        done.exception()  # a caller that was cancelled never asks: that is no warning
