"""Sockets to targets. Each address is judged when its socket is made: after DNS, and for literals as well."""

import asyncio
import socket
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import aiohappyeyeballs
from aiohttp.abc import AbstractResolver

from syncd.addresses import Place, address, refusal

_HAPPY_EYEBALLS_SECONDS = 0.25

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


@dataclass(slots=True)
class Dial:
    """On the way to whom a socket is made: what allows a name's addresses must not allow another name's."""

    host: str
    refused: list[str] = field(default_factory=list)


dialling: ContextVar[Dial] = ContextVar("dialling")


class Guard:
    """`TCPConnector(socket_factory=…)`. Whoever connects has set `dialling`; without it nothing is allowed by name."""

    def __init__(self, allowed: Sequence[Place]) -> None:
        self._allowed = allowed

    def __call__(self, info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, where = info
        dial = dialling.get(None) or Dial("")
        if refused := refusal(self._allowed, dial.host, where[0], where[1]):
            dial.refused.append(refused)
            raise PermissionError(refused)
        return socket.socket(family, kind, protocol)


async def connected(guard: Guard, resolver: AbstractResolver, host: str, port: int) -> socket.socket:
    """A connected TCP socket, not blocking. Raises OSError."""
    return await aiohappyeyeballs.start_connection(
        await _addresses(resolver, host, port),
        happy_eyeballs_delay=_HAPPY_EYEBALLS_SECONDS,
        loop=asyncio.get_running_loop(),
        socket_factory=guard,
    )


async def _addresses(resolver: AbstractResolver, host: str, port: int) -> list[AddressInfo]:
    if literal := address(host):
        family = socket.AF_INET if literal.version == 4 else socket.AF_INET6
        return [(family, socket.SOCK_STREAM, 0, "", (str(literal), port))]
    found = await resolver.resolve(host, port, family=socket.AF_UNSPEC)
    return [(each["family"], socket.SOCK_STREAM, each["proto"], "", (each["host"], each["port"])) for each in found]
