"""Opening the file: one syncd at a time, the right schema, nothing of a newer syncd touched."""

import errno
import fcntl
import os
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Self

from syncd.errors import StoreError, StoreLocked

OLDEST = (3, 38)
"""SQLite that reads JSON by `->>`."""
PRAGMAS = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma busy_timeout = 5000",
    "pragma trusted_schema = off",
    "pragma temp_store = memory",
    "pragma cache_size = -8000",
)


class FileLock:
    """Held by the syncd that writes: a second one is refused. The lock goes with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot open {self._path}: {error.strerror}; set [store] path to a place you may write"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StoreError(f"cannot lock {self._path}: {error.strerror}") from error
            raise StoreLocked(
                f"another syncd (process {holder or 'unknown'}) is writing this file; if it is the daemon, ask it: "
                f"syncctl sync; else wait for it, stop it, or name another with --db ({self._path.with_suffix('')})"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def migrations() -> dict[int, str]:
    """Number → SQL of every migration that this syncd knows."""
    folder = files("syncd.store").joinpath("migrations")
    return {
        int(f.name[:3]): f.read_text()
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".sql")
    }


def check_sqlite(version: tuple[int, ...]) -> None:
    if version < OLDEST:
        have, want = (".".join(map(str, each)) for each in (version, OLDEST))
        raise StoreError(f"this Python has SQLite {have}, syncd needs {want}: use another Python")


def prepare(connection: sqlite3.Connection, path: Path, autocheckpoint: int) -> None:
    """Sets the writer's pragmas and brings the schema up to date, each migration in one transaction.

    Raises StoreError for a file of a newer syncd, for what is no syncd database, and for a SQLite that is too old.
    """
    check_sqlite(sqlite3.sqlite_version_info)
    try:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.execute(f"pragma wal_autocheckpoint = {int(autocheckpoint)}")
        have = int(connection.execute("pragma user_version").fetchone()[0])
        tables = int(connection.execute("select count(*) from sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be used as a store: {error}") from error
    known = migrations()
    newest = max(known)
    if have > newest:
        raise StoreError(
            f"{path} has schema {have}, this syncd knows up to {newest}: use the newer syncd that wrote it"
        )
    if not have and tables:
        raise StoreError(f"{path} is a SQLite file of something else: name another file")
    for number in range(have + 1, newest + 1):
        _migrate(connection, number, known[number], path)


def _migrate(connection: sqlite3.Connection, number: int, sql: str, path: Path) -> None:
    try:
        connection.executescript(f"begin immediate;\n{sql}\npragma user_version = {number};\ncommit;")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("rollback")
        raise StoreError(f"{path}: migration {number} failed and was undone: {error}") from error
