"""Names of targets are looked up in threads of their own: a name server that is silent must not hold up anything else.

The threads of the event loop are also those of the clouds' names and of rules; a look-up that takes long cannot be
broken off, and outlives its attempt.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

_THREADS = 16


class OwnThreads(AbstractResolver):
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names-of-targets")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError."""
        ask = partial(
            socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=_host(where), port=port, family=version, proto=protocol, flags=flags)
            for version, _, protocol, _, where in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _host(where: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]) -> str:
    """With the interface of an address that means something on one only."""
    return f"{where[0]!s}%{where[3]}" if len(where) == 4 and where[3] else str(where[0])
