"""Readable views, one for each kind: for sqlite3, Datasette and DuckDB."""

import sqlite3
from collections.abc import Iterable


def views(connection: sqlite3.Connection, kinds: Iterable[str]) -> None:
    """Made where it is not there yet, and the name can stand in SQL as it is."""
    have = {name for (name,) in connection.execute("select name from sqlite_master where type = 'view'")}
    for kind in sorted(set(kinds) - have):
        if kind.replace("_", "a").isalnum():
            connection.execute(f"create view \"{kind}\" as select * from resource where kind = '{kind}'")
