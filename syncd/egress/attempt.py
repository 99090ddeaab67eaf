"""What a reaction is given for one attempt of one delivery."""

import asyncio
import socket
import ssl
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver
from yarl import URL

from syncd.addresses import Place, address, named, refusal
from syncd.egress.dial import Dial, Guard, connected, dialling
from syncd.egress.once import Broken
from syncd.egress.outcomes import failure, network_reason
from syncd.egress.words import Cleaner, address_secrets, header_secrets
from syncd.errors import Rejected, Retry
from syncd.model import Act
from syncd.notice import Notice
from syncd.plugin import Planner, Reply, Secret

MOST_READ = 65_536
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Way:
    """What all attempts share. `allowed`, `plainly`: the places of [egress] allow and http."""

    http: aiohttp.ClientSession
    guard: Guard
    resolver: AbstractResolver
    allowed: Sequence[Place]
    plainly: Sequence[Place]
    proxy: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    tls: ssl.SSLContext | None
    accept: Container[int]

    @property
    def told(self) -> str:
        """What may be shown of it."""
        return f"{self.method} {self.url.origin()}"


class Attempt:
    """The Context of one attempt."""

    def __init__(self, way: Way, now: datetime, attempt: int, memory: Mapping[str, str], clean: Cleaner) -> None:
        self.planner: Planner | None = None
        self.now = now
        self.attempt = attempt
        self.memory = memory
        self._clean = clean
        self._way = way

    async def send(  # noqa: PLR0913 (one call says all of a request)
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json: Any = None,
        secrets: Iterable[Secret] = (),
        tls: ssl.SSLContext | None = None,
        accept: Container[int] = (),
    ) -> Reply:
        sent = dict(headers or {})
        if json is not None:
            body = orjson.dumps(json)
            if not any(name.lower() == "content-type" for name in sent):
                sent["Content-Type"] = "application/json"
        clean = self._clean.more([*secrets, *address_secrets(url), *header_secrets(sent)])
        request = Request(method, _address(url), sent, body, tls, accept)
        self._check(request)
        reply = await self._answered(request, clean)
        if 200 <= reply.status < 300 or reply.status in accept:
            return reply
        raise failure(reply.status, reply.headers, clean(f"{request.told} answered {_said(reply)}"), self.now)

    async def connect(self, host: str, port: int) -> socket.socket:
        """Straight to the host, past a proxy of HTTP."""
        dial = Dial(host)
        token = dialling.set(dial)
        try:
            async with asyncio.timeout(self._way.seconds):
                return await connected(self._way.guard, self._way.resolver, host, port)
        except (TimeoutError, OSError) as error:
            otherwise = "it takes too long" if isinstance(error, TimeoutError) else "no connection"
            reason = _first(dial.refused) or error.strerror or otherwise
            raise Retry(self.clean(f"connect to {host}:{port}: {reason}")) from None
        finally:
            dialling.reset(token)

    async def plan(self, act: Act, urns: Sequence[str], notice: Notice, *, at_once: bool = False) -> str:
        if self.planner is None:
            raise Retry("plans are made by the daemon, and none runs here; start it with: systemctl start syncd")
        return await self.planner(act, urns, notice, at_once)

    def clean(self, text: str) -> str:
        return self._clean(text)

    def _check(self, request: Request) -> None:
        """What can be told without DNS; behind a proxy this is all that is checked of the target itself."""
        host, port = request.url.raw_host or "", request.url.port or 0
        found = address(host)
        if request.url.scheme == "http" and not named(self._way.plainly, host, found, port):
            raise Retry(f"{request.told}: only https is spoken, unless [egress] http names the host")
        if found is not None and (refused := refusal(self._way.allowed, host, host, port)):
            raise Retry(f"{request.told}: {refused}")

    async def _answered(self, request: Request, clean: Cleaner) -> Reply:
        """Any answer at all. Errors of the libraries are not chained: they quote whole addresses."""
        dial = Dial((URL(self._way.proxy) if self._way.proxy else request.url).raw_host or "")
        token = dialling.set(dial)
        try:
            async with asyncio.timeout(self._way.seconds):
                return await self._exchange(request)
        except TimeoutError:
            raise Retry(f"{request.told}: no full answer within {self._way.seconds:g} s") from None
        except Broken as broken:
            raise Retry(clean(f"{request.told}: {_first(dial.refused) or network_reason(broken.error)}")) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Retry(clean(f"{request.told}: {_first(dial.refused) or network_reason(error)}")) from None
        except (ValueError, TypeError):
            raise Rejected(f"{request.told}: a header or the method holds what HTTP does not allow") from None
        finally:
            dialling.reset(token)

    async def _exchange(self, request: Request) -> Reply:
        async with self._way.http.request(
            request.method,
            request.url,
            headers=request.headers,
            data=None if request.body is None else BytesIO(request.body),
            allow_redirects=False,
            proxy=self._way.proxy or None,
            ssl=request.tls or True,
        ) as response:
            return Reply(response.status, response.headers, await _read(response.content))


async def _read(content: aiohttp.StreamReader) -> bytes:
    """No more than MOST_READ; what is beyond is left where it is."""
    found = bytearray()
    while len(found) < MOST_READ and (part := await content.read(MOST_READ - len(found))):
        found += part
    return bytes(found)


def _address(text: str) -> URL:
    try:
        url = URL(text)
        if url.scheme in {"http", "https"} and url.raw_host:
            return url
    except ValueError:
        pass
    raise Rejected("the address of the target is not an http:// or https:// URL")


def _said(reply: Reply) -> str:
    """Status and the begin of what it says; where it leads is told without path."""
    if location := reply.headers.get("Location", ""):
        return f"{reply.status}: redirects are not followed ({_host(location)})"
    text = reply.body.decode(errors="replace")
    return f"{reply.status}: {text}" if text.strip() else str(reply.status)


def _host(location: str) -> str:
    try:
        return str(URL(location).origin())
    except ValueError:
        return "to a place of its own"


def _first(texts: Sequence[str]) -> str:
    return texts[0] if texts else ""
