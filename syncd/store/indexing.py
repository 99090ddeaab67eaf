"""Properties of documents in the index of searches: those that the configuration and observed use name.

Which there are, and up to which entry of the index each is made, stands in one row of `meta`. A change of the list is
made up for by and by: a new one is read from the documents, one that is not wanted any more is swept out.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from syncd.kinds import BASE_KINDS
from syncd.search import indexed
from syncd.search.indexed import Indexed, Steps
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import Path

SWEPT = 20_000
"""Rows of one transaction."""
MARK = "$"
"""With this begin the names of such properties in `property_name`, and no others."""
COMMON = frozenset(name for kind in BASE_KINDS for name in kind.properties)
"""Indexed without being told, or columns."""
BATCH = "(select i.id, i.node from temp.indexing s cross join indexed i on i.node = s.node)"
"""Entries of the nodes that are being indexed."""


class Wanted(NamedTuple):
    """`kind`: of a provider, "" for all kinds."""

    steps: Steps
    kind: str = ""

    @property
    def name(self) -> str:
        return f"{MARK}{self.kind}{''.join(map(_step, self.steps))}"


def _step(step: str | int | None) -> str:
    return "[*]" if step is None else f"[{step}]" if isinstance(step, int) else f'."{step}"'


def planned(connection: sqlite3.Connection, wanted: Iterable[Wanted]) -> list[Indexed]:
    """What is to be indexed, how far it is; written down where that differs from what was planned before."""
    schema = load_schema(connection)
    before = {each.name: each for each in schema.documents}
    plan = []
    for each in dict.fromkeys(_read(schema, each) for each in wanted):
        if not _useful(schema, each):
            continue
        kinds = schema.kinds[each.kind] | _nobodys(schema) if each.kind else None
        old = before.get(each.name)
        if old is None or old.kinds != kinds:
            old = Indexed(each.name, each.steps, kinds, 0, _shown(each), schema.entries)
            connection.execute("insert or ignore into property_name (name) values (?)", (each.name,))
        plan.append(replace(old, upto=min(old.upto, schema.entries), since=min(old.since, schema.entries)))
    if plan != list(schema.documents):
        indexed.save(connection, plan)
    return plan


def _nobodys(schema: Schema) -> frozenset[int]:
    """Base kinds: they stand in what is(volume) means, beside the kinds of providers, though nothing is of them."""
    return frozenset(number for number, name in schema.names.items() if not schema.is_concrete(name))


def _read(schema: Schema, wanted: Wanted) -> Wanted:
    """As in a search, a first step that is the kind of a provider means that kind."""
    head, *rest = wanted.steps
    if wanted.kind or not rest or not isinstance(head, str) or "_" not in head or not schema.is_concrete(head):
        return wanted
    return Wanted(tuple(rest), head)


def _useful(schema: Schema, wanted: Wanted) -> bool:
    head = wanted.steps[0]
    alone = len(wanted.steps) == 1 and head in COMMON
    return isinstance(head, str) and not alone and head not in schema.moving


def _shown(wanted: Wanted) -> str:
    return f"{wanted.kind}.{Path(wanted.steps)}" if wanted.kind else str(Path(wanted.steps))


# -- steps, each within a transaction


def sweep(connection: sqlite3.Connection) -> int:
    """Takes out rows of a property that is not wanted any more. Returns how many there were, at least 1 for one."""
    kept = {each.name for each in indexed.load(connection)}
    names = connection.execute("select id, name from property_name where name glob ?", (f"{MARK}*",)).fetchall()
    number = next((number for number, name in names if name not in kept), None)
    if number is None:
        return 0
    of = "select name, value, entry from property where name = ? limit ?"
    gone = connection.execute(f"delete from property where (name, value, entry) in ({of})", (number, SWEPT)).rowcount
    if gone < SWEPT:
        connection.execute("delete from property_name where id = ?", (number,))
    return max(gone, 1)


def make_up(connection: sqlite3.Connection, plan: Sequence[Indexed], step: int) -> int:
    """The next entries of the index get the properties that are furthest behind. Returns how many entries."""
    last = indexed.entries(connection)
    upto = min((each.upto for each in plan), default=last)
    if upto >= last:
        return 0
    of = "select id, node from indexed where id > ? order by id limit ?"
    rows = connection.execute(of, (upto, step)).fetchall()
    connection.execute("create temp table if not exists indexing (node integer primary key)")
    connection.execute("delete from temp.indexing")
    connection.executemany("insert into temp.indexing values (?)", [(node,) for _, node in rows])
    reached = rows[-1][0] if len(rows) == step else last
    fill(connection, plan, upto, reached)
    return max(len(rows), 1)


def fill(connection: sqlite3.Connection, plan: Sequence[Indexed], since: int, upto: int) -> None:
    """The nodes in temp.indexing get those properties that are made as far as `since`, and no further than `upto`."""
    due = [each for each in plan if since <= each.upto < upto]
    for each in due:
        _insert(connection, each)
    if due:
        indexed.save(connection, (replace(each, upto=upto) if each in due else each for each in plan))


def _insert(connection: sqlite3.Connection, wanted: Indexed) -> None:
    """Values as the compiler reads them: what a search finds in documents is what stands here."""
    from syncd.search.context import Context, Picture
    from syncd.search.documents import stored

    context = Context("", load_schema(connection), Picture(), datetime.now(UTC))
    row = connection.execute("select id from property_name where name = ?", (wanted.name,)).fetchone()
    kinds = ""
    if wanted.kinds is not None:
        numbers = ", ".join(map(str, sorted(wanted.kinds)))
        kinds = f" cross join node n on n.key = b.node and n.kind in ({numbers})"
    selects = []
    for column in ("d.common", "d.body"):
        tables, value = stored(context, wanted.steps, column)
        joined = "".join(f" cross join {table}" for table in tables)
        selects.append(
            f"select {int(row[0])}, {value} as value, b.id as entry "
            f"from {BATCH} b{kinds} cross join document d on d.node = b.node{joined}"
        )
    rows = f"select * from ({' union all '.join(selects)}) where value is not null order by 2, 3"
    connection.execute(f"insert or ignore into property {rows}", context.values)
