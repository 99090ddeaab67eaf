"""A copy of the store as it is at one moment, made while others write. It has its name only once it is whole."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from syncd.errors import StoreError

STEP = 2048
"""Pages that are copied at one time."""


@contextmanager
def named_when_whole(file: Path, *, force: bool) -> Iterator[Path]:
    """A file beside `file` to write into; it takes the name at the end, and is gone if there was an error.

    Raises StoreError when something has the name already (`force` replaces it), or would be taken for the copy's log.
    """
    _free(file, force)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    except OSError as error:
        raise StoreError(f"cannot write into {file.parent}: {error.strerror}") from None
    part = Path(name)
    try:
        os.fchmod(descriptor, 0o640)
        yield part
        os.fsync(descriptor)
        _free(file, force)
        part.replace(file)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    _sync_directory(file.parent)


def _free(file: Path, force: bool) -> None:
    if file.exists() and not force:
        raise StoreError(f"{file} is there already; --force replaces it")
    for end in ("-wal", "-journal"):
        beside = file.with_name(file.name + end)
        if beside.exists():
            raise StoreError(f"{beside} would be taken for a part of the copy: name another file")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(source: sqlite3.Connection, file: Path, told: Callable[[int, int], None]) -> None:
    """Copies what `source` sees now, and checks the copy. `told` hears the bytes that are done and those there are.

    The source stays in one transaction: whatever is written meanwhile does not make the copy begin anew.
    """
    source.execute("begin")
    try:
        source.execute("select count(*) from sqlite_master").fetchone()
        size = int(source.execute("pragma page_size").fetchone()[0])
        with closing(sqlite3.connect(file, isolation_level=None)) as target:
            # What breaks off is thrown away, and the whole of it reaches the disk before it gets its name.
            target.execute("pragma synchronous = off")
            target.execute("pragma journal_mode = off")
            source.backup(target, pages=STEP, progress=lambda _, left, all_: told((all_ - left) * size, all_ * size))
            target.execute("pragma journal_mode = delete")
            _check(target)
    except sqlite3.Error as error:
        raise StoreError(f"the copy could not be written ({error}): make room or name another place") from None
    finally:
        source.rollback()


def _check(target: sqlite3.Connection) -> None:
    try:
        found = target.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise StoreError(f"the copy is damaged, as the store may be ({found}): see syncctl store check")
