"""What a run could not look into, or no longer finds: marked, retired, forgotten; and empty scopes as a whole."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from syncd.errors import ReadError
from syncd.store import commit, coverage
from syncd.store.commit import Vocabulary
from syncd.store.coverage import Coverage, Place
from syncd.store.journal import Event, Journal
from syncd.store.kept import Kept


class Leaving(Kept):
    """The part of a store that a run settles at its end."""

    _words: Vocabulary
    _rows: dict[str, Coverage]
    _quiet: dict[Place, set[str]]
    _served: dict[Place, str]

    def __init__(self, now: Callable[[], str]) -> None:
        super().__init__(now)
        self._imprints: dict[int, bytes] = {}

    def _touched(self, scopes: Iterable[int]) -> None:
        """What these scopes hold is not just what their readings made."""
        for scope in scopes:
            self._imprints.pop(scope, None)

    async def retire(self, keys: Iterable[str], reason: str) -> None:
        """Marks stored scopes as retired: their rows stay and are never acted on."""
        rows = [self._rows[key] for key in keys if self._rows[key].state != "retired"]
        await self._rewrite([(row, replace(row, state="retired", reason=reason, run=self.run)) for row in rows])

    async def mark_rows(self, keys: Iterable[str], error: ReadError) -> None:
        """Marks stored scopes that discovery could not look into."""
        now = self._now()
        await self._rewrite([(self._rows[key], self._failed(self._rows[key], error, now)) for key in keys])

    def _failed(self, row: Coverage, error: ReadError, now: str, expires: str = "") -> Coverage:
        return replace(
            row,
            state=error.state,
            tried_at=now,
            expires=expires,
            reason=error.reason,
            operation=error.operation,
            permission=error.permission,
            run=self.run,
        )

    async def _rewrite(self, pairs: list[tuple[Coverage, Coverage]]) -> None:
        if not pairs:
            return
        now, run = self._now(), self.run

        def write(connection: sqlite3.Connection) -> list[Coverage]:
            journal = Journal(connection, now, run)
            fresh = [coverage.store(journal, old, new) for old, new in pairs]
            journal.close()
            return fresh

        await self._writer.write(write, lambda fresh: self._rows.update({row.key: row for row in fresh}))

    async def forget(self, key: str) -> int:
        """Deletes what a retired scope still holds, with events. Returns how many resources."""
        row = self._rows[key]
        now, run = self._now(), self.run

        def write(connection: sqlite3.Connection) -> tuple[int, set[int]]:
            journal = Journal(connection, now, run)
            count = commit.drop_nodes(journal, self._words, row)
            journal.tell(Event("scope.forgotten", scope=row.key, body={"nodes": count, "reason": row.reason}))
            coverage.forget(journal, row)
            journal.close()
            return count, journal.touched

        def note(done: tuple[int, set[int]]) -> None:
            del self._rows[key]
            self._touched([row.id, *done[1]])

        return (await self._writer.write(write, note))[0]

    async def drop_quiet(self, gone: Mapping[Place, set[str]]) -> None:
        """Takes names out of the shared rows of empty scopes: they are no longer discovered."""
        for place, names in gone.items():
            self._quiet[place] -= names
        if gone:
            now, shared = self._now(), [(place, set(self._quiet[place])) for place in gone]
            await self._writer.write(lambda c: coverage.save_quiet(c, shared, now))

    async def serve_quiet(self, places: Iterable[Place], served: str, read: str) -> None:
        """A run has asked all of these places' empty scopes whose turn it was; each was asked at `read` or later."""
        known = [place for place in places if self._quiet.get(place)]
        if known:
            await self._writer.write(
                lambda c: coverage.save_served(c, known, served, read),
                lambda _: self._served.update(dict.fromkeys(known, served)),
            )
