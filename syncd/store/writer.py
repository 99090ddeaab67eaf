"""One task owns the only writing connection. A change is a whole transaction that no cancelled caller reaches into."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar, cast

import aiosqlite
from msgspec import Struct

from syncd.errors import StoreError, StoreFull

T = TypeVar("T")
Transaction = Callable[[sqlite3.Connection], T]

QUEUE = 32
FULL = ("disk is full", "disk i/o error", "file too large")


class _Undone(Struct, frozen=True):
    """A change that failed, and left the others of its transaction alone."""

    error: Exception


def _transact(connection: sqlite3.Connection, changes: list[Transaction[Any]]) -> list[Any]:
    """Runs in the connection's own thread, in one hop: a hop costs a quarter millisecond."""
    connection.execute("begin immediate")
    try:
        results = [_apply(connection, change) for change in changes]
        connection.execute("commit")
    except BaseException:
        # SQLITE_FULL has rolled back by itself.
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    return results


def _apply(connection: sqlite3.Connection, change: Transaction[Any]) -> Any:
    connection.execute("savepoint change")
    try:
        result = change(connection)
    except Exception as error:
        if not connection.in_transaction:
            raise  # SQLite has rolled back all of them
        connection.execute("rollback to change")
        result = _Undone(error)
    connection.execute("release change")
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
    """Takes whole changes from a bounded queue: callers wait when it is full, that is the backpressure.

    Each change happens as a whole or not at all. Those that wait together are written together: to reach the disk
    costs more than all that a small scope writes.
    """

    def __init__(self, connection: aiosqlite.Connection, committed: Callable[[], None]) -> None:
        """`committed` is called after each transaction."""
        self._connection = connection
        self._committed = committed
        self._queue: asyncio.Queue[tuple[Transaction[Any], asyncio.Future[Any]] | None] = asyncio.Queue(QUEUE)
        self._task = asyncio.create_task(self._run(), name="store-writer")
        self._closed = False

    async def write(
        self,
        change: Transaction[T],
        then: Callable[[T], None] = lambda _result: None,
        undone: Callable[[], None] = lambda: None,
    ) -> T:
        """Commits `change`, returns what it returned. Raises what it raised or StoreError: then nothing is written.

        One of `then` and `undone` is called once it is known how it ended, also when the caller was cancelled
        meanwhile: what is kept in memory must follow the file, not the caller.
        """
        if self._closed:
            undone()
            raise StoreError("the store is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda ended: then(ended.result()) if _committed(ended) else undone())
        try:
            await self._queue.put((change, done))
        except asyncio.CancelledError:
            done.cancel()
            raise
        return await asyncio.shield(done)

    @property
    def waiting(self) -> int:
        """Changes in the queue."""
        return self._queue.qsize()

    async def close(self) -> None:
        """Drains the queue, then ends."""
        if not self._closed:
            self._closed = True
            await self._queue.put(None)
        await self._task

    async def _run(self) -> None:
        going = True
        while going:
            items = [await self._queue.get()]
            while not self._queue.empty():
                items.append(self._queue.get_nowait())
            together = [item for item in items if item is not None]
            going = len(together) == len(items)
            if together:
                await self._write_all(together)

    async def _write_all(self, items: list[tuple[Transaction[Any], asyncio.Future[Any]]]) -> None:
        changes = [change for change, _ in items]
        try:
            results = await on_thread(self._connection, lambda c: _transact(c, changes))
        except Exception as error:  # noqa: BLE001  handed to the callers whole, whatever it is
            results = [_Undone(error) for _ in items]
        else:
            self._committed()
        for (_, done), result in zip(items, results, strict=True):
            _settle(done, result)


def _committed(done: asyncio.Future[Any]) -> bool:
    return not done.cancelled() and done.exception() is None


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    """Hands the result to the caller, if it is still there."""
    if done.done():
        return
    if not isinstance(result, _Undone):
        done.set_result(result)
        return
    error = result.error
    done.set_exception(as_store_error(error) if isinstance(error, sqlite3.Error) else error)
    done.exception()  # a caller that was cancelled never asks: that is no warning
