"""What differs in the graph since a commit, and whom it can concern: the part of the graph that is asked anew.

A node's answer can differ when it differs itself, when a time of it has come, or when something differs on a way from
it. Of the latter the first thing counts, seen from the node: up to there the way is what it was, and is walked back.
"""

import sqlite3
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from syncd.rules.reach import Hop, Kinds, Window
from syncd.search.compile import members
from syncd.search.context import Context, Picture
from syncd.search.schema import Schema
from syncd.search.steps import walked
from syncd.search.tree import And, Compare, Filter, Is, Or, Part, Path, Query, Value, Walk

MOST = 5_000
"""Nodes of which it is worth asking one by one whether something around them differs."""
BASE_TIMES = ("ctime", "mtime")
OLDEST = "0000-00-00T00:00:00"
Triple = tuple[int, int, int]

_NODES = "select kind, key from node where from_commit > :n"
_GONE = (
    "select distinct node, kind from node_history h where to_commit > :n "
    "and not exists (select 1 from node where key = h.node)"
)
_THERE = "select distinct node from node_history where to_commit > :n and from_commit <= :n"
_EDGES = (
    "select src, type, dst from edge where from_commit > :n "
    "union select src, type, dst from edge_history where to_commit > :n"
)
_HANDLES = (
    "select key, node from handle where from_commit > :n "
    "union select key, node from handle_history where to_commit > :n"
)
_TOUCHING = (
    "select e.src, e.type, e.dst from json_each(:keys) j cross join edge e where e.src = j.value "
    "union select e.src, e.type, e.dst from json_each(:keys) j cross join edge e where e.dst = j.value"
)
_MEANT = (
    "select j.value, h.node from json_each(?) j cross join handle h where h.key = j.value "
    "union select j.value, h.node from json_each(?) j cross join handle_history h where h.key = j.value"
)
_TIMES = """
create temp table if not exists rule_time as
  select ifnull(nullif(created_at, ''), first_seen) as ctime, ifnull(nullif(updated_at, ''), changed_at) as mtime,
         kind, key from node;
create index if not exists temp.rule_time_ctime on rule_time (ctime);
create index if not exists temp.rule_time_mtime on rule_time (mtime);
"""


class TooMany(Exception):
    """So much is concerned that everything may as well be asked."""


@dataclass(frozen=True, slots=True)
class Since:
    """The commit and the time up to which all is known."""

    number: int
    at: str


@dataclass(frozen=True)
class Changes:
    """What differs since then, up to commit `last`, read once and as far as it is asked for.

    The connection stays at one moment.
    """

    connection: sqlite3.Connection
    schema: Schema
    since: Since
    last: int
    now: datetime
    _walked: dict[tuple[Walk, frozenset[int]], frozenset[int]] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> dict[int, set[int]]:
        """Kind → nodes that are new or differ."""
        found: dict[int, set[int]] = {}
        for kind, key in self._rows(_NODES):
            found.setdefault(kind, set()).add(key)
        return found

    @cached_property
    def moved(self) -> frozenset[int]:
        """Nodes whose volatile document was written: that takes no commit."""
        rows = self.connection.execute("select node from volatile where at >= ?", (self.since.at,))
        return frozenset(key for (key,) in rows)

    @cached_property
    def gone(self) -> dict[int, int]:
        """Node → kind."""
        return dict(self._rows(_GONE))

    @cached_property
    def _handles(self) -> list[tuple[int, int]]:
        return self._rows(_HANDLES)

    def _rows(self, query: str) -> list[Any]:
        """To look for what is newer than the last commit would take as long, and find nothing."""
        if self.since.number >= self.last:
            return []
        return self.connection.execute(query, {"n": self.since.number}).fetchall()

    @cached_property
    def _edges(self) -> list[Triple]:
        """Edges that are new or gone, or whose ends are known, or mean another node, since then."""
        there = {key for (key,) in self._rows(_THERE)}
        new = {key for keys in self.nodes.values() for key in keys} - there
        ends = {*new, *self.gone, *(key for key, _ in self._handles)}
        found = set(self._rows(_EDGES))
        found |= set(self.connection.execute(_TOUCHING, {"keys": _listed(ends)}))
        return sorted(found)

    @cached_property
    def _meant(self) -> dict[int, set[int]]:
        """End of such an edge → the nodes that it means or meant as a handle."""
        ends = _listed({end for src, _, dst in self._edges for end in (src, dst)})
        found: dict[int, set[int]] = {}
        for key, node in self.connection.execute(_MEANT, (ends, ends)):
            found.setdefault(key, set()).add(node)
        return found

    # -- whom it concerns

    def of_kinds(self, kinds: Kinds) -> set[int]:
        numbers = self.numbers(kinds)
        return {key for kind, keys in self.nodes.items() if numbers is None or kind in numbers for key in keys}

    def any_of(self, kinds: Kinds) -> bool:
        """Whether any of these kinds is new, differs or is gone."""
        numbers = self.numbers(kinds)
        return any(numbers is None or kind in numbers for kind in {*self.nodes, *self.gone.values()})

    def numbers(self, kinds: Kinds) -> Set[int] | None:
        """None for any."""
        if kinds is None:
            return None
        return {number for name in kinds for number in self.schema.kinds.get(name, ())}

    def around(self, hops: Iterable[Hop]) -> set[int]:
        """Nodes from which something on these ways differs. Raises TooMany."""
        found: set[int] = set()
        for hop in hops:
            ends = self.of_kinds(hop.kinds) | self.around(hop.then)
            near = self._near(hop.walk)
            last = hop.walk.last
            found |= self._back(hop.walk, ends, last)
            found |= self._back(hop.walk, near, None if last is None else last - 1)
        return found

    def _near(self, walk: Walk) -> set[int]:
        """The ends of edges that differ from which the walk would take them."""
        found: set[int] = set()
        for types, near in ((walk.forward, 0), (walk.backward, 2)):
            if types is None:
                continue
            numbers = {number for name in types for number in self.schema.types.get(name, ())}
            for edge in self._edges:
                if not types or edge[1] in numbers:
                    found |= {edge[near]} | self._meant.get(edge[near], set())
        return found

    def _back(self, walk: Walk, ends: Set[int], steps: int | None) -> frozenset[int]:
        """Where the walk can come from that reaches these nodes in at most so many steps."""
        start = frozenset(ends)
        if len(start) > MOST:
            raise TooMany
        if not start or steps == 0:
            return start
        back = Walk(walk.backward, walk.forward, 0, steps)
        known = self._walked.get((back, start))
        if known is None:
            context = Context("", self.schema, Picture(), self.now)
            origin = f"select value as key from json_each({context.bind(_listed(start))})"
            rows = self.connection.execute(f"{walked(context, origin, back)} limit {MOST + 1}", context.values)
            known = self._walked[(back, start)] = start | frozenset(key for (key,) in rows)
        if len(known) > MOST:
            raise TooMany
        return known

    # -- what time brings

    def come(self, windows: Iterable[Window], kinds: Kinds) -> set[int]:
        """Nodes of these kinds of which a time has come since then, at most a second more."""
        found: set[int] = set()
        others: list[Filter] = []
        for window in windows:
            begin, end = (_moment(time, window.seconds) for time in (_parsed(self.since.at), self.now))
            if str(window.path) in BASE_TIMES:
                found |= self._base_times(str(window.path), begin, end, kinds)
            else:
                both: tuple[tuple[str, str], ...] = ((">=", begin), ("<=", end))
                others.append(And(tuple(_compare(window.path, op, moment) for op, moment in both)))
        return found | self._asked(others, kinds)

    def _base_times(self, name: str, begin: str, end: str, kinds: Kinds) -> set[int]:
        numbers = self.numbers(kinds)
        rows = self.connection.execute(
            f"select kind, key from rule_time where {name} between ? and ? || 'Z~'", (begin, end)
        )
        return {key for kind, key in rows if numbers is None or kind in numbers}

    @cached_property
    def ready(self) -> bool:
        """Asked for before times are, and while the connection may write beside the file."""
        self.connection.execute("pragma query_only = off")  # the file is opened read-only; this is a table beside it
        for statement in _TIMES.split(";"):
            self.connection.execute(statement)
        return True

    def _asked(self, wanted: list[Filter], kinds: Kinds) -> set[int]:
        if not wanted:
            return set()
        either: Filter = Or(tuple(wanted))
        query = Query((Part(either if kinds is None else And((Is(tuple(sorted(kinds))), either))),))
        context = Context("", self.schema, Picture(), self.now)
        statement = members(context, query)
        return {key for (key,) in self.connection.execute(statement.sql, statement.values)}


def _compare(path: Path, op: str, moment: str) -> Compare:
    return Compare(path, ">=" if op == ">=" else "<=", (Value(moment, bare=True),))


def _parsed(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _moment(now: datetime, seconds: float) -> str:
    """As the store compares times; what lies outside of all calendars is at their beginning."""
    try:
        return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    except OverflowError:
        return OLDEST


def _listed(keys: Iterable[int]) -> str:
    return orjson.dumps(sorted(keys)).decode()
