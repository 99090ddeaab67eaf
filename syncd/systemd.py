"""What systemd is told, and what it hands over: the service's state, a fed watchdog, sockets that listen already."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

FIRST = 3
"""The file descriptor at which systemd's own begin."""

LONGEST = 900
"""Characters of a status. systemd drops datagrams of more than 4096 bytes, and READY=1 would go with its status."""

ONE_LINE = str.maketrans("\n\r\0", "   ")


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells systemd how the service is. Without systemd, or when it does not listen, nothing is told and nothing fails.

    `address` is that of a datagram socket: a path, an abstract name after "@", or "" for nobody. `watchdog_seconds`
    says how often to call `watchdog`: twice in the time after which systemd kills; None when it does not watch.
    """

    address: str = ""
    watchdog_seconds: float | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """What NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID ask of this process."""
        return cls(environ.get("NOTIFY_SOCKET", ""), _watchdog_seconds(environ))

    def ready(self, status: str) -> None:
        """Start or reload is done."""
        self._send("READY=1", _status(status))

    def reloading(self, monotonic_usec: int) -> None:
        """A reload begins; `ready` ends it. `monotonic_usec` is the time of CLOCK_MONOTONIC in microseconds."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={monotonic_usec}")

    def stopping(self, status: str) -> None:
        self._send("STOPPING=1", _status(status))

    def status(self, text: str) -> None:
        """The line that `systemctl status` shows."""
        self._send(_status(text))

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if not self.address.startswith(("/", "@")):
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        message = "\n".join(assignments).encode(errors="replace")
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        # A socket for each message: systemd makes its end anew when it executes itself again.
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sender:
            sender.sendto(message, address)


def listening(environ: Mapping[str, str]) -> list[socket.socket]:
    """The sockets that LISTEN_FDS hands to this process, in the order of the unit; none when LISTEN_PID is another's.

    Child processes do not inherit them. Raises ValueError when one is not a listening unix stream socket.
    """
    if _number(environ.get("LISTEN_PID", "")) != os.getpid():
        return []
    descriptors = range(FIRST, FIRST + _number(environ.get("LISTEN_FDS", "")))
    for descriptor in descriptors:
        if not _is_listening(descriptor):
            raise ValueError(
                f"file descriptor {descriptor} of the socket unit is not a listening unix stream socket: "
                "ListenStream= must name an absolute path, with Accept=no"
            )
        os.set_inheritable(descriptor, False)
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _is_listening(descriptor: int) -> bool:
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        unix_stream = (found.family, found.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
        return unix_stream and bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    finally:
        found.detach()  # looked at only: it is not ours to close


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    microseconds = _number(environ.get("WATCHDOG_USEC", ""))
    ours = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
    return microseconds / 2_000_000 if microseconds and ours else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _status(text: str) -> str:
    return "STATUS=" + text[:LONGEST].translate(ONE_LINE)
