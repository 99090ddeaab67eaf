"""What a scope's answers were when all that the store holds of it was made of them. Functions of a running transaction.

An imprint lets a reading end with "it is as it was". So it is written with the reading that it is of, and goes as soon
as anything else touches the scope's nodes. Its turn tells a reading that this happened while it was under way.
"""

import sqlite3

from syncd.store.journal import Journal


def load(connection: sqlite3.Connection) -> dict[int, bytes]:
    """Number of the scope → imprint."""
    return dict(connection.execute("select scope, value from imprint where value <> x''").fetchall())


def turn(connection: sqlite3.Connection, scope: int) -> int:
    """How often other hands touched the scope."""
    row = connection.execute("select turn from imprint where scope = ?", (scope,)).fetchone()
    return int(row[0]) if row else 0


def keep(connection: sqlite3.Connection, scope: int, value: bytes, seen: int) -> bytes:
    """Keeps an imprint, b"" for none. `seen`: the turn before the reading looked at what was known.

    Returns what is kept: nothing when the scope was touched since.
    """
    row = connection.execute("select turn, value from imprint where scope = ?", (scope,)).fetchone()
    now, have = row or (0, b"")
    if seen != now:
        value = b""
    if value != have:
        connection.execute(
            "insert into imprint values (?, ?, ?) on conflict do update set value = excluded.value",
            (scope, value, now),
        )
    return value


def touch(journal: Journal, scope: int) -> None:
    """Something other than a reading of this scope changed what it holds."""
    journal.touched.add(scope)
    journal.connection.execute(
        "insert into imprint values (?, x'', 1) on conflict do update set value = x'', turn = turn + 1", (scope,)
    )


def forget(connection: sqlite3.Connection, scope: int) -> None:
    connection.execute("delete from imprint where scope = ?", (scope,))
