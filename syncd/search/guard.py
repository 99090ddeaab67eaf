"""What keeps a search from doing anything but reading, and from running without an end."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from syncd.errors import LimitReached

LONGEST_VALUE = 16 << 20
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REFUSED = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_STEPS = 4_000
"""Of SQLite's machine between two looks at the clock."""


@contextmanager
def guarded(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """For statements that a stranger had a hand in: nothing but SELECT, no other file, an end after `seconds`.

    Raises LimitReached when the time is over. The connection must be one that cannot write (`mode=ro`).
    """
    connection.execute("pragma query_only = on")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    _declare(connection)
    connection.set_authorizer(_authorize)
    try:
        with ended(connection, seconds):
            yield
    finally:
        connection.set_authorizer(None)


@contextmanager
def ended(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Whatever is done here has an end. Raises LimitReached when the time is over."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise LimitReached(seconds) from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _declare(connection: sqlite3.Connection) -> None:
    """Virtual tables declare their columns when they are first used, which is no SELECT."""
    connection.execute("select 1 from json_each('[]')").fetchall()
    if connection.execute("select 1 from sqlite_master where name = 'words'").fetchone():
        connection.execute("select 1 from words limit 0").fetchall()


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    good = (
        action in _ALLOWED
        or (action == sqlite3.SQLITE_FUNCTION and second not in _REFUSED)
        or (action == sqlite3.SQLITE_PRAGMA and first == "data_version")  # how FTS5 sees that others wrote
    )
    return sqlite3.SQLITE_OK if good else sqlite3.SQLITE_DENY
