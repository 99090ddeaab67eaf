"""Which nodes the index names for a filter: a superset of those that fulfil it, the filter itself is applied to each.

Nodes that the index is behind on are always among them, so that the index may be behind, never wrong.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from syncd.kinds import RESOURCE
from syncd.search import functions, values
from syncd.search.context import Bindable, Context
from syncd.search.tree import And, Compare, Filter, Id, Is, Path, Words

LONGEST = 200
"""Texts that are longer are not in the index."""
MANY = 20_000
"""Of candidates: with so many, looking at all nodes of the kinds asked for is as fast."""
OWN = frozenset(RESOURCE.properties)
"""What every node has in columns of its own."""
FEW = 500
"""Candidates that are worth it whatever else there is."""
WORTH = 2
"""How many nodes can be looked at in the time that one candidate takes."""


class Candidates(NamedTuple):
    """A condition on rows of `property` (p), or the words of a full text."""

    condition: str = ""
    words: str = ""

    def entries(self) -> str:
        if self.words:
            return f"select rowid as entry from words where words match {self.words}"
        return f"select entry from property p where {self.condition}"


def chosen(connection: sqlite3.Connection, context: Context, wanted: Filter) -> str:
    """A select of the column `key` that is worth starting from, "" when there is none."""
    if not _is_indexed(connection):
        return ""
    best, fewest = None, MANY
    for found in _all(connection, context, wanted):
        count = _count(connection, context, found.entries(), fewest)
        if count < fewest:
            best, fewest = found, count
    if best is None:
        return ""
    if fewest > FEW and fewest * WORTH >= _looked_at(connection, context, wanted):
        return ""
    return (
        f"select i.node as key from ({best.entries()}) f cross join indexed i on i.id = f.entry "
        "union select node from stale"
    )


def _is_indexed(connection: sqlite3.Connection) -> bool:
    """False while so much waits for the index that it helps nobody."""
    waiting = connection.execute(f"select count(*) from (select 1 from stale limit {MANY})").fetchone()[0]
    return int(waiting) < MANY and connection.execute("select 1 from indexed limit 1").fetchone() is not None


def _looked_at(connection: sqlite3.Connection, context: Context, wanted: Filter) -> int:
    """How many nodes are looked at without candidates, as far as it matters."""
    numbers = _kinds(context, wanted)
    where = "" if numbers is None else f"where kind in ({', '.join(map(str, sorted(numbers)))})"
    row = connection.execute(f"select count(*) from (select 1 from node {where} limit {MANY * WORTH})").fetchone()
    return int(row[0])


def _count(connection: sqlite3.Connection, context: Context, entries: str, most: int) -> int:
    """At most `most`: nobody needs to know how many more there are."""
    row = connection.execute(f"select count(*) from ({entries} limit {int(most)})", context.values).fetchone()
    return int(row[0])


def _kinds(context: Context, wanted: Filter) -> frozenset[int] | None:
    for part in _conjuncts(wanted):
        if isinstance(part, Is):
            return frozenset(number for name in part.kinds for number in context.schema.kinds.get(name, ()))
    return None


def _conjuncts(wanted: Filter) -> Iterator[Filter]:
    """The conditions that all must hold."""
    if isinstance(wanted, And):
        for part in wanted.parts:
            yield from _conjuncts(part)
    else:
        yield wanted


def _all(connection: sqlite3.Connection, context: Context, wanted: Filter) -> Iterator[Candidates]:
    for part in _conjuncts(wanted):
        match part:
            case Compare():
                yield from _of_compare(connection, context, part)
            case Id(ids):
                yield from _of_values(connection, context, "id", list(ids))
            case Words(text):
                yield from _of_words(connection, context, text)


def _of_compare(connection: sqlite3.Connection, context: Context, wanted: Compare) -> Iterator[Candidates]:
    name = _name(context, wanted.path)
    if not name or wanted.quantifier:
        return
    if wanted.op in ("=", "in"):
        plain = [each for value in wanted.values for each in _plain(value.data, bare=value.bare)]
        if plain and None not in plain:
            yield from _of_values(connection, context, name, plain)
    elif wanted.op in ("<", "<=", ">", ">=") and name not in ("name", "id") and not name.startswith("tags."):
        limit = _limit(wanted)
        if limit is not None:
            low, high = (limit, "9e999") if wanted.op in (">", ">=") else ("-9e999", limit)
            bounds = " and ".join(each if isinstance(each, str) else context.bind(each) for each in (low, high))
            yield from _of_name(connection, context, name, f"p.value between {bounds}")


def _plain(data: str | bool | None, *, bare: bool) -> list[Bindable]:
    """What a literal may be in the index; [None] when it cannot be looked up there."""
    if isinstance(data, bool):
        return [int(data)]
    if data is None or len(data) > LONGEST:
        return [None]
    number = values.number(data) if bare else None
    if bare and number is None and (values.size(data) is not None or data[:4].isdigit()):
        return [None]  # in the unit of the property, or a time: the filter knows
    return [data] if number is None else [data, number]


def _limit(wanted: Compare) -> int | float | None:
    value = wanted.values[0]
    return values.number(value.data) if value.bare and isinstance(value.data, str) else None


def _name(context: Context, path: Path) -> str:
    """The name under which the index has a path, "" when it has it not."""
    head, rest = path.steps[0], path.steps[1:]
    if head == "tags" and rest and all(isinstance(step, str) for step in rest):
        return f"tags.{'.'.join(map(str, rest))}"
    if rest or not isinstance(head, str) or head in context.schema.moving:
        return ""
    return head if head in ("name", "id") or (head in context.schema.units and head not in OWN) else ""


def _of_values(
    connection: sqlite3.Connection, context: Context, name: str, wanted: list[Bindable]
) -> Iterator[Candidates]:
    listed = ", ".join(context.bind(value) for value in dict.fromkeys(wanted))
    yield from _of_name(connection, context, name, f"p.value in ({listed})")


def _of_name(connection: sqlite3.Connection, context: Context, name: str, condition: str) -> Iterator[Candidates]:
    row = connection.execute("select id from property_name where name = ?", (name,)).fetchone()
    if row is not None:  # a name that no node of the index has may be on those that it is behind on
        yield Candidates(f"p.name = {int(row[0])} and {condition}")
    else:
        yield Candidates("false")


def _of_words(connection: sqlite3.Connection, context: Context, text: str) -> Iterator[Candidates]:
    found = functions.tokens(text)
    if found and connection.execute("select 1 from sqlite_master where name = 'words'").fetchone():
        yield Candidates(words=context.bind(" ".join(f'"{token}"' for token in found) + "*"))
