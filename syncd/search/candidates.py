"""Which nodes the index names for a filter: a superset of those that fulfil it, the filter itself is applied to each.

Nodes that the index is behind on are always among them, so that the index may be behind, never wrong.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from syncd.search import functions, values
from syncd.search.compare import ELEMENT, equals, moment_of
from syncd.search.context import Bindable, Context
from syncd.search.documents import LONGEST, looked_up, sought
from syncd.search.indexed import Steps
from syncd.search.signature import fitting
from syncd.search.tree import EACH, And, Compare, Element, Filter, Id, Is, Path, Words
from syncd.search.whole import OWN

MANY = 20_000
"""Of candidates: with so many, looking at all nodes of the kinds asked for is as fast."""
MANY_SIGNED = 100_000
"""The same of those whose signatures fit: most of a kind were not even looked at."""
FEW = 500
"""Candidates that are worth it whatever else there is."""
WORTH = 2
"""How many nodes can be looked at in the time that one candidate takes."""
LISTED = 2_000
"""Entries of words that are listed, so that these are not looked for once to be counted and once more to be found."""
MOST_LITERALS = 20
"""Signatures that are compared: each takes as long as all before it."""
NARROWED = 3
"""Other conditions that a candidate is asked for in the index before its document is read."""


class Candidates(NamedTuple):
    """`entries`: a select of the column `entry`. `holds`: a condition on f.entry that says the same, "" where it would
    take long. `shown`: what people call it; `steps`: of a property of documents; `tells`: what need not be asked
    of them again.
    """

    shown: str
    entries: str
    holds: str = ""
    steps: Steps = ()
    tells: Filter | None = None


class Choice(NamedTuple):
    """`select`: of the column `key`, "" when no index is worth starting from. `entries`: how many it names, before
    `others` narrow them.

    `documents`: places in documents that are looked up; without a `select` those that could have been.
    """

    select: str = ""
    shown: str = ""
    entries: int = 0
    others: tuple[str, ...] = ()
    documents: tuple[Steps, ...] = ()


def chosen(connection: sqlite3.Connection, context: Context, wanted: Filter) -> Choice:
    """What is worth starting from."""
    places = tuple(dict.fromkeys(steps for steps, _ in _in_documents(context, wanted)))
    none = Choice(documents=places)
    context.is_indexed = _is_indexed(connection)
    if not context.is_indexed:
        return none
    found = list(_all(connection, context, wanted))
    best, fewest = _fewest(connection, context, found)
    most = MANY_SIGNED if best is None else fewest
    if fewest > FEW and (fitting := _of_signatures(connection, context, wanted, most)):
        best, fewest = fitting
    if best is None or (fewest > FEW and not _more_than(connection, context, wanted, fewest * WORTH)):
        return none
    others = [each for each in found if each is not best and each.holds][:NARROWED]
    narrowed = "".join(f" and {each.holds}" for each in others)
    select = (
        f"select i.node as key from ({best.entries}) f cross join indexed i on i.id = f.entry where true{narrowed} "
        "union select node from stale"
    )
    context.told = None if context.picture.past else best.tells
    if context.picture.past:
        context.closed = _closed(connection, context, best, found)
    used = tuple(each.steps for each in (best, *others) if each.steps) if best in found else places
    return Choice(select, best.shown, fewest, tuple(each.shown for each in others), used)


def _fewest(connection: sqlite3.Connection, context: Context, found: list[Candidates]) -> tuple[Candidates | None, int]:
    best, fewest = None, MANY
    for each in found:
        count = _count(connection, context, each.entries, fewest)
        if count < fewest:
            best, fewest = each, count
    return best, fewest


def _closed(connection: sqlite3.Connection, context: Context, best: Candidates, found: list[Candidates]) -> str:
    """Nodes of which a version closed since may be meant: by what the index said of it, or for lack of an entry."""
    start = best if best in found else _fewest(connection, context, found)[0]
    if start is None:
        return ""
    others = [each.holds for each in found if each is not start and each.holds][:NARROWED]
    return (
        f"select i.node as key from ({start.entries}) f cross join indexed_past i on i.id = f.entry "
        f"where {' and '.join(['true', *others])} union select node from bare "
        f"where to_commit > {context.commit} and from_commit <= {context.commit} union select node from node_history "
        f"where to_commit > max({context.commit}, {_upto(connection)}) and from_commit <= {context.commit}"
    )


def _upto(connection: sqlite3.Connection) -> int:
    """The commit up to which it is known which closed versions the index has not."""
    return int(connection.execute("select value from counter where name = 'past'").fetchone()[0])


def _is_indexed(connection: sqlite3.Connection) -> bool:
    """False while so much waits for the index that it helps nobody."""
    waiting = connection.execute(f"select count(*) from (select 1 from stale limit {MANY})").fetchone()[0]
    return int(waiting) < MANY and connection.execute("select 1 from indexed limit 1").fetchone() is not None


def _more_than(connection: sqlite3.Connection, context: Context, wanted: Filter, count: int) -> bool:
    """Whether so many nodes are looked at without candidates."""
    numbers = _kinds(context, wanted)
    where = "" if numbers is None else f"where kind in ({', '.join(map(str, sorted(numbers)))})"
    return connection.execute(f"select 1 from node {where} limit 1 offset {int(count)}").fetchone() is not None


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
                yield _of_values(connection, context, "id", list(ids))
            case Words():
                yield from _of_words(connection, context, part)
    kinds = _kinds(context, wanted)
    for steps, compare in _in_documents(context, wanted):
        yield from _of_document(connection, context, steps, compare, kinds)


def _of_compare(connection: sqlite3.Connection, context: Context, wanted: Compare) -> Iterator[Candidates]:
    name = _name(context, wanted.path)
    if not name or wanted.quantifier:
        return
    if wanted.op in ("=", "in"):
        plain = [each for value in wanted.values for each in _plain(value.data, bare=value.bare)]
        if plain and None not in plain:
            yield _of_values(connection, context, name, plain)
    elif wanted.op in ("<", "<=", ">", ">=") and name not in ("name", "id") and not name.startswith("tags."):
        limit = _limit(wanted)
        if limit is not None:
            low, high = (limit, "9e999") if wanted.op in (">", ">=") else ("-9e999", limit)
            bounds = " and ".join(each if isinstance(each, str) else context.bind(each) for each in (low, high))
            yield _of_name(connection, name, f"p.value between {bounds}", single=False)


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
    """The name under which the index has a path without being told, "" when it has it not."""
    head, rest = path.steps[0], path.steps[1:]
    if head == "tags" and rest and all(isinstance(step, str) for step in rest):
        return f"tags.{'.'.join(map(str, rest))}"
    if rest or not isinstance(head, str) or head in context.schema.moving:
        return ""
    return head if head in ("name", "id") or (head in context.schema.units and head not in OWN) else ""


def _of_values(connection: sqlite3.Connection, context: Context, name: str, wanted: list[Bindable]) -> Candidates:
    listed = ", ".join(context.bind(value) for value in dict.fromkeys(wanted))
    return _of_name(connection, name, f"p.value in ({listed})", single=True)


def _of_name(connection: sqlite3.Connection, name: str, condition: str, *, single: bool) -> Candidates:
    """`single`: by entry as well as by value, a row of the table is found at once."""
    row = connection.execute("select id from property_name where name = ?", (name,)).fetchone()
    if row is None:  # a name that no node of the index has may be on those that it is behind on
        return Candidates(name, "select entry from property p where false", "false")
    entries = f"select entry from property p where p.name = {int(row[0])} and {condition}"
    return Candidates(name, entries, f"exists ({entries} and p.entry = f.entry)" if single else "")


def _of_words(connection: sqlite3.Connection, context: Context, wanted: Words) -> Iterator[Candidates]:
    found = functions.tokens(wanted.text)
    if found and connection.execute("select 1 from sqlite_master where name = 'words'").fetchone():
        words = " ".join(f'"{token}"' for token in found) + "*"
        rows = connection.execute("select rowid from words where words match ? limit ?", (words, LISTED + 1)).fetchall()
        if len(rows) > LISTED:
            yield Candidates(
                "words", f"select rowid as entry from words where words match {context.bind(words)}", tells=wanted
            )
        else:
            listed = context.bind(orjson.dumps([entry for (entry,) in rows]).decode())
            yield Candidates("words", f"select value as entry from json_each({listed})", tells=wanted)


# -- properties of documents


def _in_documents(context: Context, wanted: Filter) -> Iterator[tuple[Steps, Compare]]:
    """The places in documents that comparisons are about which all must hold, also for one element of an array."""
    for part in _conjuncts(wanted):
        if isinstance(part, Compare):
            if not _name(context, part.path) and (steps := sought(context, part.path, part)):
                yield steps, part
        elif isinstance(part, Element):
            outer = part.path.steps if EACH in part.path.steps else (*part.path.steps, EACH)
            for inner in _conjuncts(part.filter):
                if isinstance(inner, Compare) and (steps := sought(context, Path((*outer, *inner.path.steps)), inner)):
                    yield steps, inner


def _of_document(
    connection: sqlite3.Connection, context: Context, steps: Steps, wanted: Compare, kinds: frozenset[int] | None
) -> Iterator[Candidates]:
    have = next((each for each in context.schema.documents if each.covers(steps, kinds)), None)
    if have is None:
        return
    condition, single = looked_up(context, wanted)
    found = _of_name(connection, have.name, condition, single=single)._replace(shown=have.shown, steps=steps)
    # Properties are put in later where they are new, but not into entries of the past.
    unsure = [("indexed", f"> {have.upto:d}")] if have.upto < context.schema.entries else []
    if context.picture.past:
        unsure += [("indexed_past", f"> {have.upto:d}"), ("indexed_past", f"<= {have.since:d}")]
    entries = "".join(f" union all select id from {table} where id {which}" for table, which in unsure)
    holds = "".join(f" or f.entry {which}" for _, which in unsure)
    yield found._replace(entries=found.entries + entries, holds=found.holds and f"({found.holds}{holds})")


# -- signatures


def _of_signatures(
    connection: sqlite3.Connection, context: Context, wanted: Filter, most: int
) -> tuple[Candidates, int] | None:
    """The nodes whose signatures allow what is sought in documents, and how many, where these are fewer than `most`."""
    fit = [each for steps, compare in _in_documents(context, wanted) if (each := _fits(context, steps, compare))]
    if not fit:
        return None
    kinds = _kinds(context, wanted)
    if kinds is not None:
        fit.append(f"b.kind in ({', '.join(map(str, sorted(kinds)))})")
    select = f"select entry from brief b where {' and '.join(fit)} limit {int(most)}"
    entries = [entry for (entry,) in connection.execute(select)]
    if len(entries) == most:
        return None
    listed = context.bind(orjson.dumps(entries).decode())
    return Candidates("signatures", f"select value as entry from json_each({listed})"), len(entries)


def _fits(context: Context, steps: Steps, wanted: Compare) -> str:
    """The condition on a brief (b) that a document may fulfil the comparison, "" where its signature does not tell."""
    name = next(step for step in reversed(steps) if isinstance(step, str))
    if wanted.op not in ("=", "in"):
        return ""
    literals: list[Bindable] = []
    for value in wanted.values:
        if isinstance(value.data, bool):
            literals.append(int(value.data))
        elif moment_of(context, ELEMENT, "=", value) is not None:
            return ""
        else:
            literals += equals(context, wanted.path, value, ELEMENT)
    return fitting("b", name, literals) if len(literals) <= MOST_LITERALS else ""
