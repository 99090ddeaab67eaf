"""`--explain`: a search as SQL, how SQLite goes about it, and what that costs, in words."""

import re
import sqlite3
from collections.abc import Iterator, Sequence

from syncd.cli.encoding import escaped, json_text
from syncd.search import past
from syncd.search.answer import FETCHING, Asking
from syncd.search.candidates import Choice
from syncd.search.guard import guarded
from syncd.search.tree import All, Path, Query

TABLES = (
    "node", "document", "volatile", "edge", "handle", "scope", "words", "property", "indexed", "stale", "past_node",
    "past_node_of_key",
    "past_edge", "past_handle",
)  # fmt: skip
MANY = 1_000_000
_SCAN = re.compile(r"^(\s*)SCAN (\w+)(.*)")
_REPEATED = re.compile("CORRELATED|RECURSIVE STEP")


def explained(asked: Asking) -> Iterator[str]:
    """Lines. The search itself is not run."""
    connection = asked.connection
    if asked.question.commit is not None:
        past.load(connection, asked.question.commit)
    statement, plan = asked.explain()
    yield from (_broken(escaped(statement.sql)), "", "values:")
    yield from (f"  :{name} = {json_text(value)}" for name, value in statement.values.items())
    yield from ("", "plan:", *(f"  {escaped(line)}" for line in plan), "", _index(asked.choice))
    with guarded(connection, FETCHING):
        yield _cost(connection, asked.query, statement.sql, plan)


def _index(choice: Choice) -> str:
    """Where the search starts, and what could be indexed so that it need not start from everything."""
    places = ", ".join(str(Path(steps)) for steps in choice.documents)
    if choice.select:
        others = f", narrowed by {', '.join(choice.others)}" if choice.others else ""
        return escaped(f"index: {choice.shown} ({choice.entries:,} entries){others}")
    return escaped(f"index: none; [search] index could name {places}" if places else "index: none")


def _broken(sql: str) -> str:
    """One long line as several: nobody reads the other."""
    return re.sub(
        r" +(from|where|union all|union|order by|group by|left join|cross join|with recursive)\b", r"\n  \1", sql
    )


def _cost(connection: sqlite3.Connection, query: Query, sql: str, plan: Sequence[str]) -> str:
    whole, again = _scans(sql, plan)
    rows = {table: _rows(connection, table) for table in sorted(whole | again)}
    lines = [
        f"  reads all {count:,} rows of {table}{', once for each row before' if table in again else ''}"
        for table, count in rows.items()
    ]
    far = [part.walk for part in query.parts if part.walk is not None and part.walk.last is None]
    everything = bool(far) and query.parts[0].filter == All()
    if everything:
        lines.append("  walks as far as there are edges, from everything")
    if again or everything or sum(rows.values()) > MANY:
        word = "expensive"
    else:
        word = "walks" if len(query.parts) > 1 or any(part.having for part in query.parts) else "simple"
    return "\n".join([f"cost: {word}", *(lines or ["  every table is read through an index"])])


def _scans(sql: str, plan: Sequence[str]) -> tuple[set[str], set[str]]:
    """Tables that are read from end to end: once, and again for each row of what stands before."""
    whole: set[str] = set()
    again: set[str] = set()
    above: list[tuple[int, str]] = []
    for line in plan:
        depth = len(line) - len(line.lstrip())
        above = [(at, text) for at, text in above if at < depth]
        found = _SCAN.match(line)
        table = _table(sql, found[2]) if found else ""
        if table:
            repeated = any(_REPEATED.search(text) for _, text in above)
            (again if repeated else whole).add(table)
        above.append((depth, line))
    return whole, again


def _table(sql: str, alias: str) -> str:
    """The table behind an alias, "" for what is no table of the store."""
    found = re.search(rf"\b({'|'.join(TABLES)}) {re.escape(alias)}\b", sql)
    name = found[1] if found else alias
    return name if name in TABLES else ""


def _rows(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608 (one of TABLES)
