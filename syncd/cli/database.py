"""The store, opened so that it can only be read, and not for longer than a limit."""

import argparse
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from syncd.config import store_file
from syncd.errors import StoreError

LONGEST_VALUE = 16 << 20


def store_of(arguments: argparse.Namespace) -> Path:
    """--db, else what the configuration says."""
    if arguments.db:
        return Path(arguments.db).expanduser()
    return store_file(arguments.config)


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; SQLite's errors become one line that says what to do."""
    connection = _open(file)
    try:
        yield connection
    except sqlite3.OperationalError as error:
        raise StoreError(f"{file}: {error}") from None
    finally:
        connection.close()


def _open(file: Path) -> sqlite3.Connection:
    if not file.exists():
        raise StoreError(f"{file}: no store there yet; run syncd sync first, or name another file with --db")
    try:
        connection = _connected(file)
        schema = int(connection.execute("pragma user_version").fetchone()[0])
        tables = {name for (name,) in connection.execute("select name from sqlite_master")}
    except sqlite3.Error as error:
        raise StoreError(f"{file}: cannot be read as a store: {error}") from None
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    if not {"scope", "node", "event", "run"} <= tables:
        connection.close()
        raise StoreError(f"{file}: not a store of syncd; name one with --db")
    _refuse_newer(file, schema, connection)
    return connection


def _connected(file: Path) -> sqlite3.Connection:
    """SQLite wants to write beside a file with a log, if only while nobody else has it open.

    Who may not is given the file as it is: without a log it has been closed in order, and is whole.
    """
    address = f"file:{quote(str(file))}?mode=ro"
    try:
        return _reading(address)
    except sqlite3.OperationalError:
        if file.with_name(file.name + "-wal").exists():
            raise
        return _reading(address + "&immutable=1")


def _reading(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=5)
    try:
        connection.execute("pragma query_only = on")
        connection.execute("pragma trusted_schema = off")
        connection.execute("select 1 from sqlite_master limit 1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _refuse_newer(file: Path, schema: int, connection: sqlite3.Connection) -> None:
    from syncd.store.files import migrations

    newest = max(migrations())
    if schema > newest:
        connection.close()
        raise StoreError(f"{file}: has schema {schema}, this syncctl knows up to {newest}; use the newer syncctl")


def only_reads(connection: sqlite3.Connection, seconds: float) -> None:
    """For statements of strangers: nothing but SELECT, no other files, and an end after `seconds`."""
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
    refused = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}

    def authorize(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
        good = action in allowed or (action == sqlite3.SQLITE_FUNCTION and second not in refused)
        return sqlite3.SQLITE_OK if good else sqlite3.SQLITE_DENY

    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    connection.set_authorizer(authorize)
