"""What keeps a store in shape beside all else: its index of searches, the end of what is too old, its log."""

from collections.abc import Iterable, Sequence

import aiosqlite

from syncd.store import index, observed, retention
from syncd.store.indexing import Wanted
from syncd.store.ledger import Ledger
from syncd.store.observed import Use
from syncd.store.retention import Dropped, Windows
from syncd.store.writer import on_thread


class Kept(Ledger):
    """The part of a store that upkeep asks for."""

    _connection: aiosqlite.Connection

    async def index(self, wanted: Sequence[Wanted] = ()) -> int:
        """Brings the index of searches up to date, in steps that hold up no sync. Returns how much there was to do.

        `wanted`: properties of documents that are to be in it.
        """
        total = 0
        while count := await self._writer.write(lambda connection: index.step(connection, wanted)):
            total += count
        return total

    async def observed(self, uses: Iterable[Use], most: int) -> list[Wanted]:
        """Adds what searches asked for to what is known. Returns what is worth an index."""
        now = self._now()
        found = await self._writer.write(
            lambda connection: observed.frequent(observed.save(connection, uses, now), most)
        )
        return [Wanted(steps) for steps in found]

    async def compact(self, windows: Windows) -> Dropped:
        """Drops what is older than its window, a little at a time."""
        return await retention.compact(self._writer, self.read, windows, self._now())

    async def truncate_log(self) -> None:
        """Moves the write-ahead log into the file, as far as nobody reads of it."""
        await on_thread(self._connection, lambda c: c.execute("pragma wal_checkpoint(truncate)").fetchall())
