"""The listening socket: who gets in, how many at a time, and for how long a silent one may stay."""

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog

from syncd.control.peers import Peer, Rights, peer_of
from syncd.errors import ConfigError

log = structlog.get_logger()

MODE = 0o660
BACKLOG = 1024
"""Where it is full, a client that does not block is refused at once: room for a crowd that keeps coming again."""
ASKING = 5.0
"""Seconds in which a request must have arrived whole."""
ANSWERING = 30.0
"""Seconds in which any answer that is no stream must have gone."""
_TOO_MANY = b'{"error":{"code":"busy","message":"too many connections: try again in a moment"}}\n'
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b"
) % (len(_TOO_MANY), _TOO_MANY)

Inner = Callable[[], asyncio.Protocol]


def bind(path: Path) -> socket.socket:
    """Listens at `path`. A stale socket is replaced; anything else there, and a daemon that answers, is an error."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o750)
            path.parent.chmod(0o750)  # whatever the umask took away
        _make_way(path)
        return _listener(path)
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"cannot listen at {path}: {reason}; set control.socket to a place you may write") from error


def _listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~MODE)  # never open to others, not even for a moment
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _make_way(path: Path) -> None:
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ConfigError(f"{path} is there and is no socket: move it away, or set control.socket to another place")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass
    raise ConfigError(f"another syncd listens at {path}: stop it, or set control.socket to another place")


@dataclass(eq=False, slots=True)
class Visit:
    """One connection. `asked`: its request has arrived; `stream`: what writes to it for as long as it stays."""

    peer: Peer
    transport: asyncio.Transport | None = None
    asked: bool = False
    stream: asyncio.Task[Any] | None = None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    def wait(self, seconds: float) -> None:
        """Leaves after so many seconds."""
        self.stay()
        self.timer = asyncio.get_running_loop().call_later(seconds, self.leave)

    def stay(self) -> None:
        """As long as both sides want."""
        if self.timer:
            self.timer.cancel()

    def leave(self) -> None:
        if self.transport:
            self.transport.abort()


class Door:
    """Accepts connections of one listening socket and hands each to a protocol of `inner`."""

    def __init__(self, listener: socket.socket, rights: Rights, most: int) -> None:
        self._listener = listener
        self._rights = rights
        self._most = most
        self._visits: dict[asyncio.BaseTransport, Visit] = {}
        listener.setblocking(False)

    def __len__(self) -> int:
        return len(self._visits)

    def visit(self, transport: asyncio.BaseTransport | None) -> Visit:
        """The connection that a request came over. Raises ConnectionResetError where it has left."""
        if transport is None or transport not in self._visits:
            raise ConnectionResetError("the caller has left")
        return self._visits[transport]

    async def serve(self, inner: Inner) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as error:  # no descriptors left: those who are here have to leave first
                log.warning("control.not_accepted", reason=str(error))
                await asyncio.sleep(0.1)
                continue
            try:
                peer = peer_of(connection)
                if not self._room_for(peer):
                    connection.send(_BUSY)
                    connection.close()
                    await asyncio.sleep(0)  # those who come without end must not keep the loop
                    continue
                await loop.connect_accepted_socket(partial(_Guest, self, peer, inner), connection)
            except OSError:  # gone before it was let in
                connection.close()

    def _room_for(self, peer: Peer) -> bool:
        """One place is kept for the owner. Where all are taken, one that has not asked for anything must go."""
        owner = self._rights.owns(peer)
        if len(self._visits) < (self._most if owner else self._most - 1):
            return True
        silent = next((visit for visit in self._visits.values() if not visit.asked), None)
        if silent is None:
            return False
        silent.leave()
        if silent.transport:
            self._visits.pop(silent.transport, None)
        return True

    def enter(self, visit: Visit, transport: asyncio.BaseTransport) -> None:
        visit.transport = cast(asyncio.Transport, transport)  # the event loop's own: it need not be a subclass
        self._visits[transport] = visit
        visit.wait(ASKING)

    def left(self, visit: Visit) -> None:
        visit.stay()
        if visit.stream:
            visit.stream.cancel()
        if visit.transport:
            self._visits.pop(visit.transport, None)

    def close(self) -> None:
        """Sends all away."""
        for visit in list(self._visits.values()):
            visit.leave()
        self._listener.close()


class _Guest(asyncio.Protocol):
    """Stands before the HTTP protocol, so that the door knows who comes and goes."""

    def __init__(self, door: Door, peer: Peer, inner: Inner) -> None:
        self._door = door
        self._visit = Visit(peer)
        self._inner = inner()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.enter(self._visit, transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.left(self._visit)
        self._inner.connection_lost(exc)
