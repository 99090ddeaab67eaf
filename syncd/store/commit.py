"""A complete reading of one scope becomes one transaction: nodes, edges, history, events and coverage, or nothing."""

from collections.abc import Iterable, Mapping, Set
from operator import attrgetter
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from syncd.model import Gap, Scope
from syncd.store import coverage, edges, imprints, nodes
from syncd.store.coverage import Coverage
from syncd.store.diff import changes
from syncd.store.journal import Event, Journal
from syncd.store.names import Names
from syncd.store.reading import Known, Reading, owner_account
from syncd.store.records import Record, dumps, split

HEIR = (
    "select s.scope from sighting s join scope c on c.id = s.scope where s.node = ? and s.scope <> ? "
    "order by c.state = 'retired', s.scope limit 1"
)
HELD = "select key from node where scope = :scope union all select node from sighting where scope = :scope"


class Vocabulary(Struct, frozen=True):
    """What the store must know of the kinds: numbers for names, which lists are ordered, which stay the `same` resource
    under another creation time."""

    kinds: Names
    types: Names
    ordered: Mapping[str, frozenset[str]]
    same: frozenset[str] = frozenset()


class Outcome(Struct, frozen=True):
    """What a commit did. `imprint` is what is kept of the reading's; `touched`: scopes that hold other nodes now."""

    coverage: Coverage
    created: int = 0
    updated: int = 0
    deleted: int = 0
    imprint: bytes = b""
    touched: Set[int] = frozenset()


class Commit:
    """One scope's transaction. `quiet` says that the scope was complete and empty before, without a row of its own."""

    def __init__(
        self, journal: Journal, words: Vocabulary, reading: Reading, old: Coverage | None, quiet: bool
    ) -> None:
        self.journal = journal
        self.connection = journal.connection
        self.words = words
        self.reading = reading
        self.scope: Scope = reading.scope
        start = old or coverage.fresh(reading.scope, quiet)
        self.row = start if start.id else coverage.store(journal, start, replace(start, run=journal.run))
        self.told = bool(start.baseline) and start.fingerprint == reading.scope.fingerprint
        self.created = self.updated = self.deleted = 0
        self.settled = True  # False: what is volatile of a node that was taken over is written by the next reading

    def run(self) -> Outcome:
        reading = self.reading
        for key in sorted(reading.vanished):
            self._vanish(key)
        self.write()
        row = self._cover()
        imprint = reading.lasting if self.settled else b""
        kept = imprints.keep(self.connection, row.id, imprint, reading.known.turn)
        self.journal.close()
        return Outcome(row, self.created, self.updated, self.deleted, kept, self.journal.touched)

    def write(self) -> None:
        """What differs, but for what vanished."""
        reading = self.reading
        here = nodes.present(self.connection, [r.key for r in reading.changed])
        fresh = [record for record in reading.changed if record.key not in here]
        for record in _in_order(record for record in reading.changed if record.key in here):
            self._change(record, fresh)
        if fresh:
            self._create(fresh)
        if reading.flags:
            nodes.write_flags(self.journal, reading.flags)
        if reading.volatile:
            nodes.write_volatile(self.journal, reading.volatile)

    # -- one node

    def _change(self, record: Record, fresh: list[Record]) -> None:
        old = nodes.fetch(self.connection, record.key)
        assert old is not None
        nodes.same_urn(old, record)
        if old.scope != self.row.id and not self._takes_over(record, old):
            self._sight(record)
            return
        if old.scope != self.row.id:
            self._move_edges(record.key, old.scope)
            imprints.touch(self.journal, old.scope)
            self.settled = False
        if self._is_another(record, old):
            self._close_edges(record.key)
            self._delete(record.key, old)
            fresh.append(record)
        else:
            self._update(record, old)

    def _is_another(self, record: Record, old: nodes.Stored) -> bool:
        """Whether a resource was made anew under the same URN."""
        moved = bool(old.created_at and record.created_at and old.created_at != record.created_at)
        return moved and record.kind not in self.words.same

    def _takes_over(self, record: Record, old: nodes.Stored) -> bool:
        """A node's owner is the account in its URN, else the first scope to see it; a retired scope gives way."""
        owner = self.connection.execute("select account, state from scope where id = ?", (old.scope,)).fetchone()
        if owner is None or owner[1] == "retired":
            return True
        named = owner_account(record.urn)
        return named == self.scope.account and owner[0] != self.scope.account

    def _update(self, record: Record, old: nodes.Stored) -> None:
        ordered = self.words.ordered.get(record.kind, frozenset())
        new = nodes.comparable(record.name, record.zone, record.tags, record.common, record.body)
        found = changes(old.fields(), new, ordered)
        now = (self.row.id, record.id, record.created_at, record.updated_at)
        same = not found and (old.scope, old.id, old.created_at, old.updated_at) == now
        if same and self.told:
            nodes.write_flags(self.journal, [record])  # only the order of something differs
            return
        if not same:
            nodes.replace(self.journal, self.row.id, self.words.kinds, old, record)
        nodes.follow_handles(self.journal, record)
        self._follow_edges(record)
        never = split(old.never)
        told = [c for c in found if c["path"].split(".", 1)[0].split("[", 1)[0] not in never]
        if self.told and told:
            self.updated += 1
            self._tell("resource.updated", record.key, record, {"changes": told})

    def _follow_edges(self, record: Record) -> None:
        have = edges.stored(self.connection, self.words.types, self.row.id, record.key)
        want = set(edges.stated(self.words.types, [record]))
        edges.close(self.journal, self.row.id, have - want)
        edges.add(self.journal, self.row.id, want - have)

    def _move_edges(self, node: int, scope: int) -> None:
        edges.close(self.journal, scope, edges.stored(self.connection, self.words.types, scope, node))
        self.connection.execute("delete from sighting where scope = ? and node = ?", (self.row.id, node))

    def _sight(self, record: Record) -> None:
        """Another scope owns the node: this one adds its edges only."""
        self.connection.execute(
            "insert or replace into sighting values (?, ?, ?)", (self.row.id, record.key, record.hash)
        )
        self._follow_edges(record)

    def _create(self, records: list[Record]) -> None:
        in_order = _in_order(records)
        nodes.insert(self.journal, self.row.id, self.words.kinds, in_order)
        edges.add(self.journal, self.row.id, edges.stated(self.words.types, in_order))
        if self.told:
            self.created += len(records)
            for record in records:
                self._tell("resource.created", record.key, record, {})

    def _vanish(self, key: int) -> None:
        if not self.reading.known[key].owned:
            self.connection.execute("delete from sighting where scope = ? and node = ?", (self.row.id, key))
            self._close_edges(key)
            return
        old = nodes.fetch(self.connection, key)
        if old is None or old.scope != self.row.id:
            return
        self._close_edges(key)
        if not inherited(self.journal, key, old):
            self._delete(key, old)

    def _close_edges(self, node: int) -> None:
        edges.close(self.journal, self.row.id, edges.stored(self.connection, self.words.types, self.row.id, node))

    def _delete(self, key: int, old: nodes.Stored) -> None:
        nodes.delete(self.journal, key, old)
        if not self.row.baseline:
            return  # it was never part of a reading that was believed
        self.deleted += 1
        kind = self.words.kinds.name(old.kind)
        self.journal.tell(Event("resource.deleted", self.scope.key, key, old.urn, kind, old.name))

    def _tell(self, type_: str, key: int, record: Record, body: dict[str, Any]) -> None:
        self.journal.tell(Event(type_, self.scope.key, key, record.urn, record.kind, record.name, body))

    # -- the scope

    def _cover(self) -> Coverage:
        reading, now = self.reading, self.journal.now
        worst = worst_gap(reading.gaps)
        row = replace(
            self.row,
            state="failed" if reading.broken else "partial" if worst else "complete",
            read_at=now,
            tried_at=now,
            expires="",
            reason=reading.broken or (gap_reason(reading.gaps) if worst else ""),
            operation=worst.operation if worst else "",
            permission=worst.permission if worst else "",
            missing=reading.missing,
            baseline=0 if reading.broken else 1,
            fingerprint=self.scope.fingerprint,
            nodes=len(reading.seen),
            run=self.journal.run,
        )
        if not self.told and reading.seen and not reading.broken:
            body = {"nodes": len(reading.seen), "kinds": dict(sorted(reading.kinds.items()))}
            self.journal.tell(Event("scope.baselined", scope=self.scope.key, body=body))
        return coverage.store(self.journal, self.row, row)


def renew(journal: Journal, words: Vocabulary, scope: Scope, record: Record, row: Coverage) -> None:
    """One node that was read alone: it alone is written, and nothing is said of the rest of its scope.

    What only a whole reading measures stays as it was measured last.
    """
    if owner := journal.connection.execute("select scope from node where key = ?", (record.key,)).fetchone():
        for holder in {row.id, *owner}:
            imprints.touch(journal, holder)
        old = journal.connection.execute("select body from volatile where node = ?", (record.key,)).fetchone()
        if old and record.volatile:
            both = {**orjson.loads(old[0]), **orjson.loads(record.volatile)}
            record = replace(record, volatile=dumps(both).decode())
        reading = Reading(scope, Known(), 0, 1, changed=[record])
        reading.volatile += [(record.key, record.volatile)] if record.volatile else []
        Commit(journal, words, reading, row, quiet=False).write()


def _in_order(records: Iterable[Record]) -> list[Record]:
    """By key: neighbours in the tree are written one after the other."""
    return sorted(records, key=attrgetter("key"))


def worst_gap(gaps: list[Gap]) -> Gap | None:
    """The gap to name first: a denial can be mended by a permission, and the one with the most nodes hides the most."""
    return max(gaps, key=lambda g: (g.state == "denied", g.count), default=None)


def gap_reason(gaps: list[Gap]) -> str:
    """Every gap in one line."""
    return "; ".join(f"{g.operation} {g.state} for {g.count}: {g.reason}" for g in gaps)


def inherited(journal: Journal, key: int, old: nodes.Stored) -> bool:
    """A node that another scope sees as well is not gone: that one owns it now."""
    heir = journal.connection.execute(HEIR, (key, old.scope)).fetchone()
    if heir is None:
        return False
    nodes.hand_over(journal, key, old, heir[0])
    imprints.touch(journal, heir[0])
    journal.connection.execute("delete from sighting where scope = ? and node = ?", (heir[0], key))
    return True


def drop_nodes(journal: Journal, words: Vocabulary, row: Coverage) -> int:
    """Deletes all nodes of a retired scope that no other sees, with events. Returns how many."""
    connection, deleted = journal.connection, 0
    for (key,) in connection.execute(HELD, {"scope": row.id}).fetchall():
        edges.close(journal, row.id, edges.stored(connection, words.types, row.id, key))
        old = nodes.fetch(connection, key)
        if old is None or old.scope != row.id or inherited(journal, key, old):
            continue
        deleted += 1
        nodes.delete(journal, key, old)
        kind = words.kinds.name(old.kind)
        journal.tell(
            Event("resource.deleted", row.key, key, old.urn, kind, old.name, {"reason": "the scope was retired"})
        )
    connection.execute("delete from sighting where scope = ?", (row.id,))
    return deleted
