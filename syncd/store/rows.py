"""Many rows into a table, several in one statement.

Python's lock is given up and fought for at every statement: with a row each, the writer's thread and the one that reads
answers would stop each other hundreds of thousands of times in a sync.
"""

import sqlite3
from collections.abc import Iterable
from itertools import chain
from typing import Any

TOGETHER = 32
"""Rows of one statement: with 18 columns these are 576 values, and every SQLite takes 999."""


def insert(connection: sqlite3.Connection, into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """`into` is the statement as far as the table's name; all rows have as many values as the table has columns."""
    rows = list(rows)
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % TOGETHER
    several = f"{into} values {', '.join([one] * TOGETHER)}"
    for start in range(0, whole, TOGETHER):
        connection.execute(several, tuple(chain.from_iterable(rows[start : start + TOGETHER])))
    connection.executemany(f"{into} values {one}", rows[whole:])
