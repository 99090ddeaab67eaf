"""What starting computes, kept on disk for the next start: bytes by name, believed only while they are surely ours.

A file is used when it is a plain file of this user that nobody else may write, lies in such a directory, was made from
what there is now (its stamp), and is whole (its digest). Anything else is as if there were no file: what it would
have held is computed, and kept if that is possible. Nothing of it is ever executed.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

LARGEST = 32 * 1024 * 1024
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_PRIVATE = 0o700


def usual_place(environ: Mapping[str, str] = os.environ) -> Path | None:
    """systemd's $CACHE_DIRECTORY, else syncd's in the user's own cache; None without a home."""
    given = environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    if given.startswith("/"):
        return Path(given)
    cache = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME", "")
    if cache.startswith("/"):
        return Path(cache) / "syncd"
    return Path(home) / ".cache" / "syncd" if home.startswith("/") else None


def stamp(words: Iterable[str], files: Iterable[Path]) -> str:
    """Changes with any of the words, and when any of the files is another one, was written again or is gone."""
    return _digest("\0".join((*words, *map(_about, files))).encode())


def _about(file: Path) -> str:
    try:
        about = file.stat()
    except FileNotFoundError:
        return f"{file}:none"
    return f"{file}:{about.st_size}:{about.st_mtime_ns}"


class Shelf:
    """One directory of such files. `place` None keeps nothing."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def get(self, name: str, stamp: str) -> bytes | None:
        """What was put under the name with this stamp, None where there is nothing to be believed."""
        if self._place is None:
            return None
        try:
            _expect_ours(os.lstat(self._place), stat.S_ISDIR)
            raw = _read(self._place / name)
        except OSError:
            return None
        head, _, value = raw.partition(b"\n")
        return value if head == _head(stamp, value) else None

    def put(self, name: str, stamp: str, value: bytes) -> None:
        """Kept if that is possible: a full disk or a directory of others is no reason to stop."""
        if self._place is None or len(value) > LARGEST:
            return
        with suppress(OSError):
            for folder in (self._place.parent, self._place):
                folder.mkdir(mode=_PRIVATE, exist_ok=True)
            _expect_ours(os.lstat(self._place), stat.S_ISDIR)
            _write(self._place / name, _head(stamp, value) + b"\n" + value)


NOTHING_KEPT = Shelf(None)


def _read(file: Path) -> bytes:
    # A pipe in its place must not make anybody wait.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        _expect_ours(about, stat.S_ISREG)
        if about.st_size > LARGEST + 1024:
            raise OSError("too large")
        return stream.read(LARGEST + 1024)


def _write(file: Path, raw: bytes) -> None:
    """Appears whole, or not at all."""
    draft = file.with_name(f".{file.name}.{os.urandom(8).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _expect_ours(about: os.stat_result, is_right: Callable[[int], bool]) -> None:
    if not is_right(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & _OTHERS_MAY_WRITE:
        raise PermissionError("somebody else may write it")


def _head(stamp: str, value: bytes) -> bytes:
    return f"syncd {stamp} {_digest(value)}".encode()


def _digest(raw: bytes) -> str:
    return blake2b(raw, digest_size=16).hexdigest()
