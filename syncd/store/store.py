"""The store as the rest of syncd sees it: open, what is known, commit, mark, retire, close."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite
import orjson
from msgspec import Struct
from msgspec.structs import replace

from syncd.errors import Failed, ReadError, StoreError
from syncd.kinds import KindRegistry
from syncd.model import Last, Node, Scope
from syncd.store import commit, coverage, files, imprints, requests, runs
from syncd.store.alone import Alone
from syncd.store.commit import Outcome, Vocabulary
from syncd.store.coverage import Coverage, Place, Yields
from syncd.store.journal import Journal
from syncd.store.keys import node_key
from syncd.store.leaving import Leaving
from syncd.store.names import Names
from syncd.store.reading import Known, KnownNode, Reading
from syncd.store.records import encode, split
from syncd.store.runs import ScopeRun
from syncd.store.views import views
from syncd.store.writer import Writer, as_store_error, on_thread

T = TypeVar("T")

KNOWN = (
    "select n.key, n.hash, n.kind, n.facets, n.unseen, n.never, coalesce(v.body, '') "
    "from node n left join volatile v on v.node = n.key where n.scope = ?"
)
BATCH = 256
"""Scopes that did not change are committed together, this many at a time."""


class Unchanged(Struct, frozen=True):
    """A complete reading that brought nothing new. `stats`: None outside runs.

    `imprint`: where it is another one, with the turn of what was known.
    """

    scope: Scope
    stats: ScopeRun | None
    imprint: tuple[bytes, int] | None = None


class Store(Leaving):
    """One file. Only one Store of a file is open for writing at any time, on the whole machine."""

    def __init__(self, path: Path, now: Callable[[], str], registry: KindRegistry) -> None:
        super().__init__(now)
        self.path = path
        self._registry = registry
        self._lock = files.FileLock(path)
        self._words = Vocabulary(
            Names("kind"),
            Names("edge_type"),
            {k.name: k.ordered for k in registry if k.ordered},
            frozenset(k.name for k in registry if not k.reborn),
        )
        self._rows: dict[str, Coverage] = {}
        self._quiet: dict[Place, set[str]] = {}
        self._served: dict[Place, str] = {}
        self._yields: Yields = {}
        self._pending: list[Unchanged] = []
        self._stats: list[tuple[int, ScopeRun]] = []
        self._renewed: dict[str, set[int]] = {}
        self.alone = Alone()

    @classmethod
    async def open(
        cls,
        path: Path,
        registry: KindRegistry,
        *,
        now: Callable[[], str],
        edge_types: Iterable[str] = (),
        autocheckpoint: int = 1000,
    ) -> Self:
        """Locks, migrates and reads what is known. Raises StoreLocked or StoreError."""
        store = cls(path, now, registry)
        store._lock.__enter__()
        try:
            await store._open(edge_types, autocheckpoint)
        except BaseException:
            store._lock.__exit__()
            raise
        return store

    async def _open(self, edge_types: Iterable[str], autocheckpoint: int) -> None:
        try:
            self._connection = await aiosqlite.connect(self.path, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(f"cannot open {self.path}: {error}") from error
        try:
            self.path.chmod(0o640)
            await on_thread(self._connection, lambda c: files.prepare(c, self.path, autocheckpoint))
            await on_thread(self._connection, lambda c: self._load(c, edge_types))
            self._reader = await aiosqlite.connect(
                f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
            await self._reader.execute("pragma query_only = on")
        except sqlite3.Error as error:
            await self._connection.close()
            raise as_store_error(error) from error
        except BaseException:
            await self._connection.close()
            raise
        self._writer = Writer(self._connection, self._wake)

    def _load(self, connection: sqlite3.Connection, edge_types: Iterable[str]) -> None:
        connection.execute("begin immediate")
        self._words.types.add(connection, (name + end for name in edge_types for end in ("", "<")))
        self._declare(connection)
        connection.execute("commit")
        self._rows = coverage.load(connection)
        self._quiet = coverage.load_quiet(connection)
        self._served = coverage.load_served(connection)
        self._yields = coverage.load_kinds(connection)
        self._imprints = imprints.load(connection)
        self.requests = requests.pending(connection)

    def _declare(self, connection: sqlite3.Connection) -> None:
        self._words.kinds.add(connection, (k.name for k in self._registry))
        # A kind of which nobody tells any more may have resources still: what it is stays known.
        connection.executemany("delete from kind_base where kind = ?", sorted((k.name,) for k in self._registry))
        pairs = sorted((k.name, base) for k in self._registry for base in self._registry.bases(k.name))
        connection.executemany("insert into kind_base values (?, ?)", pairs)
        views(connection, (k.name for k in self._registry))

    async def learn(self, registry: KindRegistry) -> None:
        """Kinds that a new configuration asks for are known from now on; those of the old one stay."""
        if any(kind.name not in self._registry for kind in registry):
            self._registry = registry
            await self._writer.write(self._declare)

    async def close(self) -> None:
        """Drains the writer, checkpoints by closing last, releases the lock."""
        try:
            await self._writer.close()
            await self._reader.close()
            await self._connection.close()
        finally:
            self._lock.__exit__()

    # -- what is known

    @property
    def rows(self) -> Mapping[str, Coverage]:
        """Stored scopes by key."""
        return self._rows

    @property
    def quiet(self) -> Mapping[Place, set[str]]:
        """Names of the complete and empty scopes, by place."""
        return self._quiet

    def served(self, scope: Scope) -> str | None:
        """Up to when a complete and empty scope was asked whenever it was its turn ("": never); None for any other."""
        return self._served.get(coverage.place_of(scope), "") if self.is_quiet(scope) else None

    def is_quiet(self, scope: Scope) -> bool:
        """Complete and empty at its last reading, without a row of its own."""
        return scope.name in self._quiet.get(coverage.place_of(scope), ())

    def row(self, scope: Scope) -> Coverage | None:
        return self._rows.get(scope.key)

    def begin_reading(self, scope: Scope) -> bytes:
        """A reading of the scope begins with it. Returns the imprint of what is known, b"" where there is none."""
        self._renewed.pop(scope.key, None)
        return self.imprint(scope)

    def imprint(self, scope: Scope) -> bytes:
        """Of the reading that made all that is known of a scope, and is its last one."""
        return self._imprints.get(self._rows[scope.key].id, b"") if self.stands(scope) else b""

    def stands(self, scope: Scope) -> bool:
        """Whether what is known of a scope is its last reading, complete and with the same meaning."""
        row = self._rows.get(scope.key)
        return row is not None and _stands(row, scope)

    async def known(self, scope: Scope) -> Known:
        """Nodes that the store holds for a scope, by key."""
        row = self._rows.get(scope.key)
        if row is None or not row.nodes:
            return Known()
        name, of = self._words.kinds.name, (row.id,)

        def read(connection: sqlite3.Connection) -> Known:
            turn = imprints.turn(connection, of[0])
            rows = connection.execute(KNOWN, of)
            found = Known((key, KnownNode(h, name(k), f, u, n, v)) for key, h, k, f, u, n, v in rows)
            found.turn = turn
            for key, digest in connection.execute("select node, hash from sighting where scope = ?", of):
                found[key] = KnownNode(digest, "", owned=False)
            return found

        return await on_thread(self._reader, read)

    async def last(self, urn: str) -> Last | None:
        """A node as it was last read."""
        query = (
            "select d.body, d.tags, n.never, coalesce(v.body, '{}') from node n join document d on d.node = n.key "
            "left join volatile v on v.node = n.key where n.key = ?"
        )
        async with self._reader.execute(query, (node_key(urn),)) as cursor:
            row = await cursor.fetchone()
        return Last(orjson.loads(row[0]), orjson.loads(row[1]), split(row[2]), orjson.loads(row[3])) if row else None

    # -- runs

    async def finish(self, summary: dict[str, Any], keep_runs: int) -> None:
        """Ends the run: everything pending is written first."""
        await self.flush()
        now, run = self._now(), self.run

        def end(connection: sqlite3.Connection) -> None:
            runs.finish(connection, run, now, summary)
            runs.prune(connection, keep_runs)

        await self._writer.write(end)

    # -- readings

    async def commit(self, reading: Reading, stats: ScopeRun, *, outside: bool = False) -> Outcome:
        """Makes a complete (or partial) reading what is known. Unchanged ones are written together later.

        `outside`: it belongs to no run.
        """
        scope, old = reading.scope, self.row(reading.scope)
        reading.leave(self._renewed.get(scope.key, frozenset()))
        if self._unchanged(reading, old):
            self._pending.append(Unchanged(scope, None if outside else stats, self._newer(reading, old)))
            if len(self._pending) >= BATCH:
                await self.flush()
            return Outcome(old or coverage.fresh(scope, True))
        if reading.same is not None:
            raise Failed(f"{scope.key} was said to be as it was, and nothing stands that it could be as")
        now, run = self._now(), 0 if outside else self.run
        quiet, shared = self._leave_quiet([scope])
        kinds = self._undeclared([scope])

        def write(connection: sqlite3.Connection) -> Outcome:
            outcome = commit.Commit(Journal(connection, now, run), self._words, reading, old, bool(quiet)).run()
            coverage.save_quiet(connection, shared, now)
            coverage.save_kinds(connection, kinds)
            return outcome

        def note(outcome: Outcome) -> None:
            self._yields.update(kinds)
            self._rows[scope.key] = outcome.coverage
            self._imprints[outcome.coverage.id] = outcome.imprint
            self._touched(outcome.touched)
            if outside:
                return
            done = replace(stats, created=outcome.created, updated=outcome.updated, deleted=outcome.deleted)
            self._stats.append((outcome.coverage.id, done))

        return await self._writer.write(write, note, lambda: self._rejoin_quiet([scope], quiet))

    async def renew(self, scope: Scope, node: Node, largest: int, note: Callable[[Journal], T]) -> T:
        """One node as it was read alone, and what is noted with it: no reading under way undoes it. Raises Failed."""
        old, record = self.row(scope), encode(node, largest)
        self._renewed.setdefault(scope.key, set()).add(record.key)

        def write(journal: Journal) -> tuple[T, set[int]]:
            if old is not None:
                commit.renew(journal, self._words, scope, record, old)
            return note(journal), journal.touched

        return (await self.change(write, lambda done: self._touched(done[1])))[0]

    def _unchanged(self, reading: Reading, old: Coverage | None) -> bool:
        if reading.changed or reading.flags or reading.volatile or reading.gaps or reading.broken:
            return False
        if old is None:
            return not reading.seen and reading.same is None
        return _stands(old, reading.scope) and len(reading.seen) == len(reading.known)

    def _newer(self, reading: Reading, old: Coverage | None) -> tuple[bytes, int] | None:
        """The imprint of a reading that brought nothing else that is new."""
        if old is None or reading.same is not None or reading.lasting == self._imprints.get(old.id, b""):
            return None
        return reading.lasting, reading.known.turn

    def _undeclared(self, scopes: Iterable[Scope]) -> Yields:
        """What these scopes can yield, where the store knows it otherwise or not at all.

        It is written with their coverage, so that no scope is incomplete without it. A scope that stands for what
        discovery could not look into names no kinds.
        """
        found = {(scope.collector, scope.name): frozenset(scope.kinds) for scope in scopes if scope.kinds}
        return {name: kinds for name, kinds in found.items() if self._yields.get(name) != kinds}

    def _leave_quiet(self, scopes: Iterable[Scope]) -> tuple[set[str], list[tuple[Place, set[str]]]]:
        """Scopes that get a row of their own leave the shared row of their region.

        Returns the keys of those that were in one, and the shared rows as they are to be written: copies, since the
        writer's thread reads them while this one goes on.
        """
        left, places = set(), set()
        for scope in scopes:
            place = coverage.place_of(scope)
            if scope.name in self._quiet.get(place, ()):
                self._quiet[place].discard(scope.name)
                left.add(scope.key)
                places.add(place)
        return left, [(place, set(self._quiet[place])) for place in sorted(places)]

    def _rejoin_quiet(self, scopes: Iterable[Scope], left: Set[str]) -> None:
        """What was to leave a shared row and was not written is in it still."""
        for scope in scopes:
            if scope.key in left:
                self._quiet.setdefault(coverage.place_of(scope), set()).add(scope.name)

    async def flush(self) -> None:
        """Writes the unchanged scopes, and the statistics of all, gathered so far."""
        pending, self._pending = self._pending, []
        stats, self._stats = self._stats, []
        if not pending and not stats:
            return
        now, run = self._now(), self.run
        rows = {u.scope.key: self._rows[u.scope.key] for u in pending if u.scope.key in self._rows}
        places = {coverage.place_of(u.scope) for u in pending if u.scope.key not in rows}
        for unchanged in pending:
            if unchanged.scope.key not in rows:
                self._quiet.setdefault(coverage.place_of(unchanged.scope), set()).add(unchanged.scope.name)
        shared = [(place, set(self._quiet[place])) for place in sorted(places)]
        kinds = self._undeclared(unchanged.scope for unchanged in pending)

        newer = {rows[u.scope.key].id: u.imprint for u in pending if u.imprint and u.scope.key in rows}

        def write(connection: sqlite3.Connection) -> tuple[dict[str, Coverage], dict[int, bytes]]:
            journal = Journal(connection, now, run)
            coverage.save_kinds(connection, kinds)
            fresh = {
                key: coverage.store(
                    journal, row, replace(row, read_at=now, tried_at=now, run=run, reason="", expires="")
                )
                for key, row in rows.items()
            }
            coverage.save_quiet(connection, shared, now)
            runs.record(
                connection,
                run,
                stats + [(rows[u.scope.key].id, u.stats) for u in pending if u.stats and u.scope.key in rows],
            )
            kept = {scope: imprints.keep(connection, scope, *imprint) for scope, imprint in newer.items()}
            journal.close()
            return fresh, kept

        def note(done: tuple[dict[str, Coverage], dict[int, bytes]]) -> None:
            self._rows.update(done[0])
            self._imprints.update(done[1])
            self._yields.update(kinds)

        await self._writer.write(write, note)

    async def mark(self, marks: Iterable[tuple[Scope, ReadError, str, ScopeRun]], *, outside: bool = False) -> None:
        """Records that scopes could not be read: coverage and nothing else. Third: when a disabled one expires."""
        now, run, listed = self._now(), 0 if outside else self.run, list(marks)
        quiet, shared = self._leave_quiet(scope for scope, *_ in listed)
        kinds = self._undeclared(scope for scope, *_ in listed)

        def write(connection: sqlite3.Connection) -> dict[str, Coverage]:
            journal = Journal(connection, now, run)
            fresh = {}
            for scope, error, expires, stats in listed:
                old = self.row(scope) or coverage.fresh(scope, scope.key in quiet)
                row = coverage.store(journal, old, self._failed(old, error, now, expires))
                fresh[scope.key] = row
                if not outside:
                    runs.record(connection, run, [(row.id, stats)])
            coverage.save_quiet(connection, shared, now)
            coverage.save_kinds(connection, kinds)
            journal.close()
            return fresh

        def note(fresh: dict[str, Coverage]) -> None:
            self._rows.update(fresh)
            self._yields.update(kinds)

        await self._writer.write(write, note, lambda: self._rejoin_quiet((scope for scope, *_ in listed), quiet))


def _stands(row: Coverage, scope: Scope) -> bool:
    """Whether what is known is a complete reading with the same meaning."""
    return row.state == "complete" and bool(row.baseline) and row.fingerprint == scope.fingerprint
