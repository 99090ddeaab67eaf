"""Visitors of the control socket: other users, those who speak no HTTP, and crowds."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")

NOBODY = "nobody"
CROWD = Path(__file__).with_name("crowd.py")


@contextmanager
def open_place() -> Iterator[Path]:
    """A directory that every user may enter, which those of pytest are not."""
    place = Path(tempfile.mkdtemp(prefix="syncd-open-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


@contextmanager
def somebody(user: str = NOBODY, groups: Iterable[int] = ()) -> Iterator[None]:
    """Until the end of the block this process connects as `user`, in `groups` only: the kernel tells the daemon so."""
    account = pwd.getpwnam(user)
    before = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


def connect(path: Path, seconds: float = 15) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(seconds)
    line.connect(str(path))
    return line


def say(path: Path, *parts: bytes, pause: float = 0.0) -> bytes:
    """What comes back until the daemon hangs up, for bytes that are sent as they are, part by part."""
    with connect(path) as line:
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                line.sendall(part)
                time.sleep(pause)
        return rest(line)


def rest(line: socket.socket) -> bytes:
    """All that still comes. Raises TimeoutError where the daemon does not hang up."""
    heard = b""
    with suppress(ConnectionResetError):
        while part := line.recv(65536):
            heard += part
    return heard


def seconds_until_dropped(path: Path, start: bytes, every: float = 0.0) -> float:
    """How long the daemon bears somebody who sends `start` and then nothing, or a byte `every` so many seconds."""
    with connect(path, seconds=every or 20) as line:
        begun = time.monotonic()
        line.sendall(start)
        while time.monotonic() - begun < 20:
            try:
                if not line.recv(65536):
                    break
            except TimeoutError:
                with suppress(OSError):
                    line.sendall(b"a")
            except ConnectionResetError:
                break
        return time.monotonic() - begun


@contextmanager
def crowd(path: Path, count: int, user: str) -> Iterator[None]:
    """`count` visitors who say half a sentence and come again as soon as they are sent away."""
    number = pwd.getpwnam(user).pw_uid
    process = subprocess.Popen(
        [sys.executable, str(CROWD), str(path), str(count), str(number)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        process.stdout.readline()  # all have been there
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
