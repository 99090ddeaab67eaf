"""The one HTTP session to targets, apart from those of providers: no cookies, nothing of the environment."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

import syncd
from syncd.addresses import places
from syncd.egress.attempt import Attempt, Way
from syncd.egress.dial import Guard
from syncd.egress.once import once
from syncd.egress.resolve import OwnThreads
from syncd.egress.words import Cleaner
from syncd.plugin import Secret
from syncd.settings import EgressSettings

_CONNECT_SECONDS = 5.0
_HEADERS = {"User-Agent": f"syncd/{syncd.__version__}", "Accept-Encoding": "identity"}


class Egress:
    """One for each process: `async with Egress(settings) as egress`, then an attempt for each delivery."""

    def __init__(self, settings: EgressSettings, *, resolver: AbstractResolver | None = None) -> None:
        self._settings = settings
        self._resolver = resolver
        self._way: Way | None = None

    async def __aenter__(self) -> Self:
        settings = self._settings
        guard = Guard(places(settings.allow))
        resolver = self._resolver or OwnThreads()
        self._way = Way(
            http=self._session(guard, resolver),
            guard=guard,
            resolver=resolver,
            allowed=places(settings.allow),
            plainly=places(settings.http),
            proxy=settings.proxy,
            seconds=settings.timeout_seconds,
        )
        return self

    def _session(self, guard: Guard, resolver: AbstractResolver) -> aiohttp.ClientSession:
        """Connections are not kept: each attempt dials, so that each address is checked, and stale ones fail nobody."""
        connector = aiohttp.TCPConnector(
            socket_factory=guard, resolver=resolver, use_dns_cache=False, force_close=True, limit=0
        )
        return aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            middlewares=(once,),
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._way is not None
        await self._way.http.close()
        if self._resolver is None:
            await self._way.resolver.close()

    def attempt(
        self, now: datetime, attempt: int = 1, memory: Mapping[str, str] | None = None, secrets: Iterable[Secret] = ()
    ) -> Attempt:
        """What a reaction is given. `secrets`: all of the target, taken out of every reason."""
        assert self._way is not None, "not entered"
        return Attempt(self._way, now, attempt, memory or {}, Cleaner(secrets))
