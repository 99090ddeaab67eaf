"""How large the store is and what makes it so: tables, the past of each kind, the log. Read-only."""

import sqlite3
from pathlib import Path
from typing import Any

from syncd.search import indexed

_TABLES = "select name from sqlite_master where type = 'table' and name not glob 'sqlite_*' order by name"
_BYTES = (
    "select m.tbl_name, sum(d.pgsize) from (select name, pgsize from dbstat where aggregate = 1) d "
    "join sqlite_master m on m.name = d.name group by 1"
)
_HISTORY = (
    "select h.kind, h.versions, h.bytes, l.at as oldest from "
    "(select k.name as kind, count(*) as versions, sum(length(h.data)) as bytes, min(h.from_commit) as first "
    "from node_history h join kind k on k.id = h.kind group by 1) h "
    "left join commit_log l on l.number = h.first order by h.bytes desc"
)
_HORIZON = (
    "select coalesce(nullif(h.kind, ''), 'everything') as kind, l.at as since "
    "from horizon h left join commit_log l on l.number = h.from_commit order by h.kind"
)
_COMMIT = "select number, at, run from commit_log order by number"


def figures(connection: sqlite3.Connection, file: Path) -> dict[str, Any]:
    """Sizes in bytes. `tables`, `index`, `history`, `kept` are lists of rows. None stands for bytes that are not known.

    Every page of the file is read for it.
    """
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "free_bytes": free_bytes(connection),
        "log_bytes": _size(file.with_name(file.name + "-wal")),
        "schema": int(connection.execute("pragma user_version").fetchone()[0]),
        "sqlite": sqlite3.sqlite_version,
        "first_commit": _one(connection, f"{_COMMIT} limit 1"),
        "last_commit": _one(connection, f"{_COMMIT} desc limit 1"),
        "tables": tables(connection),
        "index": index(connection),
        "history": _rows(connection, _HISTORY),
        "kept": _rows(connection, _HORIZON),
    }


def index(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Properties of documents that are indexed: how many values, of how many entries that are still to be looked at."""
    last = indexed.entries(connection)
    return [
        {"property": each.shown, "values": _values(connection, each.name), "waiting": last - each.upto}
        for each in indexed.load(connection)
    ]


def _values(connection: sqlite3.Connection, name: str) -> int:
    of = "select count(*) from property where name = (select id from property_name where name = ?)"
    return int(connection.execute(of, (name,)).fetchone()[0])


def free_bytes(connection: sqlite3.Connection) -> int:
    """Room inside the file, which is used before it grows."""
    pages, size = (int(connection.execute(f"pragma {name}").fetchone()[0]) for name in ("freelist_count", "page_size"))
    return pages * size


def tables(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    sizes = _sizes(connection)
    names = [name for (name,) in connection.execute(_TABLES)]
    return [{"table": name, "rows": _count(connection, name), "bytes": sizes.get(name)} for name in names]


def _sizes(connection: sqlite3.Connection) -> dict[str, int]:
    """Empty where SQLite was built without the table that knows."""
    try:
        return dict(connection.execute(_BYTES).fetchall())
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return {}


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f'select count(*) from "{table}"').fetchone()[0])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _rows(connection: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _one(connection: sqlite3.Connection, query: str) -> dict[str, Any] | None:
    return next(iter(_rows(connection, query)), None)
