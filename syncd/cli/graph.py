"""The graph behind the commands: which resource is meant, what lies around it, and how a walk goes."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson

from syncd.errors import StoreError
from syncd.search import sources
from syncd.search.candidates import chosen
from syncd.search.compile import members
from syncd.search.context import Context, Picture
from syncd.search.links import Link, between, links
from syncd.search.schema import Schema
from syncd.search.tree import Compare, Filter, Id, Part, Path, Query, Value, Walk
from syncd.store.keys import node_key

CHUNK = 5_000
SIMILAR = 5
NAME = Path(("name",))


class Item(NamedTuple):
    """A resource in short."""

    key: int
    kind: str
    name: str
    id: str
    urn: str
    account: str
    region: str


COLUMNS = "{n}.key, (select name from kind where id = {n}.kind), {n}.name, {n}.id, {n}.urn, {n}.account, {n}.region"


class SeveralFound(StoreError):
    """More than one resource is called so: `items` are the first of them."""

    def __init__(self, text: str, items: list[Item]) -> None:
        super().__init__(f"{text} may be one of {len(items)} resources; name it by its URN")
        self.items = items


@dataclass(slots=True)
class Walked:
    """What a walk found, by key: the nodes with their distance, nearest first, and the edges it went along.

    `more`: there was more than may be shown.
    """

    distance: dict[int, int]
    links: list[Link] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """One picture in one connection: that of now, or of a commit that was loaded.

    `complete_only`: as if resources of scopes that are not complete were not there.
    """

    connection: sqlite3.Connection
    schema: Schema
    now: datetime
    commit: int | None = None
    complete_only: bool = False

    def context(self) -> Context:
        return Context("", self.schema, Picture(self.commit, self.complete_only), self.now)

    def items(self, keys: Iterable[int]) -> dict[int, Item]:
        wanted = list(keys)
        found = {}
        for start in range(0, len(wanted), CHUNK):
            chunk = orjson.dumps(wanted[start : start + CHUNK]).decode()
            for item in self._select("json_each({0}) q cross join ", "n.key = q.value", chunk):
                found[item.key] = item
        return {key: found[key] for key in wanted if key in found}

    def find(self, text: str) -> Item:
        """The one resource with this URN, else this id, else this name. Raises StoreError, SeveralFound."""
        for same in (self._of_urn(text), self._that(Id((text,))), self._that(Compare(NAME, "=", (Value(text),)))):
            if len(same) == 1:
                return same[0]
            if same:
                raise SeveralFound(text, sorted(same, key=lambda item: (item.kind, item.urn)))
        raise StoreError(f"no resource has the id, name or URN {text}; {self._similar(text)}")

    def _of_urn(self, urn: str) -> list[Item]:
        return [item for item in self.items([node_key(urn)]).values() if item.urn == urn]

    def _that(self, wanted: Filter) -> list[Item]:
        """By the index of searches, where that is worth it."""
        context = self.context()
        start = chosen(self.connection, context, wanted).select
        statement = members(context, Query((Part(wanted),)), start)
        return list(self.items(key for (key,) in self.connection.execute(statement.sql, statement.values)).values())

    def links(self, keys: Iterable[int], walk: Walk) -> list[Link]:
        return links(self.connection, self.context(), keys, walk)

    def between(self, keys: Iterable[int]) -> list[Link]:
        return between(self.connection, self.context(), keys)

    def walk(self, start: int, walk: Walk, most: int) -> Walked:
        """Level by level, as far as the walk's last step, until more than `most` nodes are found."""
        walked = Walked({start: 0})
        along: dict[Link, None] = {}
        level, depth = [start], 0
        while level and (walk.last is None or depth < walk.last):
            depth += 1
            found = self.links(level, walk)
            along.update(dict.fromkeys(found))
            ends = dict.fromkeys(end for link in found for end in (link.src, link.dst))
            level = [end for end in ends if end not in walked.distance]
            walked.more = len(walked.distance) + len(level) > most
            level = level[: most - len(walked.distance)]
            walked.distance.update(dict.fromkeys(level, depth))
            if walked.more:
                break
        seen = walked.distance
        walked.links = [link for link in along if link.src in seen and link.dst in seen]
        return walked

    def bases(self) -> Mapping[str, set[str]]:
        """Kind → its base kinds and itself."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for kind, base in self.connection.execute("select kind, base from kind_base"):
            found[kind].add(base)
        return found

    def _select(self, ahead: str, condition: str, value: str, limit: int = -1) -> list[Item]:
        context = self.context()
        bound = context.bind(value)
        select = " union all ".join(
            f"select {COLUMNS.format(n='n')} from {ahead.format(bound)}{table} "  # noqa: S608 (all ours)
            f"where {condition.format(bound)} and {ok}"
            for table, ok in sources.nodes(context, "n")
        )
        rows = self.connection.execute(f"{select} limit {int(limit)}", context.values)
        return [Item(*row) for row in rows]

    def _similar(self, text: str) -> str:
        near = self._select("", "instr(lower(n.name || ' ' || n.id), lower({0}))", text, SIMILAR)
        names = dict.fromkeys(item.name if text.lower() in item.name.lower() else item.id for item in near)
        return f"did you mean {', '.join(names)}?" if names else f"look for it with: syncctl search '\"{text}\"'"
