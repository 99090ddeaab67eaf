"""Many rows into a table, several in one statement.

Python's lock is given up and fought for at every statement: with a row each, the writer's thread and the one that reads
answers would stop each other hundreds of thousands of times in a sync.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, count
from typing import Any

TOGETHER = 32
"""Rows of one statement: with 14 columns these are 448 values, and every SQLite takes 999."""


def insert(
    connection: sqlite3.Connection, into: str, rows: Sequence[tuple[Any, ...]], same: tuple[Any, ...] = ()
) -> None:
    """`into` is the statement as far as its columns; `same` are the values of the last ones, alike in all rows."""
    if not rows:
        return
    whole = len(rows) - len(rows) % TOGETHER
    several = _statement(into, TOGETHER, len(rows[0]), len(same))
    for start in range(0, whole, TOGETHER):
        connection.execute(several, (*same, *chain.from_iterable(rows[start : start + TOGETHER])))
    one = _statement(into, 1, len(rows[0]), len(same))
    connection.executemany(one, [(*same, *row) for row in rows[whole:]])


@lru_cache(maxsize=64)
def _statement(into: str, rows: int, width: int, same: int) -> str:
    """Numbered parameters: what all rows share is bound once."""
    shared = [f"?{number}" for number in range(1, same + 1)]
    numbers = count(same + 1)
    several = (", ".join([*(f"?{next(numbers)}" for _ in range(width)), *shared]) for _ in range(rows))
    return f"{into} values ({'), ('.join(several)})"
