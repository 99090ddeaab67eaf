"""Processes of syncd for those who need many: forked from one that has imported all of it (see nursery.py).

They differ from those that a shell starts by what the interpreter itself does at its begin and end; whoever asks for
that starts one of those.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]


class Born:
    """What tests ask of a subprocess.Popen."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self._lines = told.makefile("rb")
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(self._lines.readline())
            self._lines.close()
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """Starts with the first who asks."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def bear(
        self, entry: str, *arguments: str, place: Path, environment: Mapping[str, str], out: IO[str], err: IO[str]
    ) -> Born:
        """`entry` is MODULE:FUNCTION, which is called without arguments, as the main function of a command is."""
        if self._process is None:
            self._open()
        asked = {"entry": entry, "arguments": arguments, "place": str(place), "environment": dict(environment)}
        ours, theirs = socket.socketpair()
        with theirs:
            handed = [theirs.fileno(), out.fileno(), err.fileno()]
            socket.send_fds(self._asking, [json.dumps(asked).encode()], handed)
        return Born(ours)

    def _open(self) -> None:
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.fakes.nursery", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )

    def close(self) -> None:
        if self._process:
            self._asking.close()
            self._process.wait()
            self._process = None


nursery = Nursery()
"""That of this test process; closed at its end."""
