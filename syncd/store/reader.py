"""The file as people and programs beside the writer open it: it can only be read, whoever writes it meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from syncd.errors import StoreError
from syncd.search.guard import LONGEST_VALUE
from syncd.store.files import migrations


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; SQLite's errors become one line that says what to do."""
    connection = _open(file)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
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
    # Of one thread at a time, though not always of the same: see Readers.
    connection = sqlite3.connect(address, uri=True, timeout=5, check_same_thread=False)
    try:
        connection.execute("pragma query_only = on")
        connection.execute("pragma trusted_schema = off")
        connection.execute("select 1 from sqlite_master limit 1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _refuse_newer(file: Path, schema: int, connection: sqlite3.Connection) -> None:
    newest = max(migrations())
    if schema > newest:
        connection.close()
        raise StoreError(f"{file}: has schema {schema}, this syncctl knows up to {newest}; use the newer syncctl")


@contextmanager
def searching(file: Path) -> Iterator[sqlite3.Connection]:
    """Like `reading`, for searches and pictures. Raises StoreError for a file that no newer syncd has been at yet."""
    with reading(file) as connection:
        schema, newest = int(connection.execute("pragma user_version").fetchone()[0]), max(migrations())
        if schema < newest:
            raise StoreError(
                f"{file}: has schema {schema}, searches need {newest}; the next syncd sync, or a restart of the "
                "daemon, brings it up to date"
            )
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma cache_size = -8000")
        yield connection


class Readers:
    """Connections for searches that stay open between them: to open one and have SQLite read its tables' definitions
    takes as long as many a search does. At most `most` wait for the next one.
    """

    def __init__(self, file: Path, most: int) -> None:
        self._file, self._most = file, most
        self._idle: list[tuple[ExitStack, sqlite3.Connection]] = []
        self._closed = False

    @contextmanager
    def searching(self) -> Iterator[sqlite3.Connection]:
        """As `searching`. A connection that had an error is not used again."""
        try:
            held, connection = self._idle.pop()
            connection.execute("pragma query_only = on")
        except IndexError:
            held = ExitStack()
            connection = held.enter_context(searching(self._file))
        with held:
            yield connection
            if not (connection.in_transaction or self._closed or len(self._idle) >= self._most):
                self._idle.append((held.pop_all(), connection))
        if self._closed:
            self.close()

    def close(self) -> None:
        """Those that are in use are closed by who uses them."""
        self._closed = True
        while self._idle:
            self._idle.pop()[0].close()
