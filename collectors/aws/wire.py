"""Requests and answers over aiohttp's connections, without its session: what that does for each call costs more than
the call.

aiohttp resolves, connects (through proxies, too), verifies, keeps connections, parses and unpacks. A request is written
here, as bytes, and its answer is read whole.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

_CONNECT = aiohttp.ClientTimeout(total=None, sock_connect=10)
"""Only connecting has a limit here, the host bounds the whole call: a limit for each read would move a timer with
every chunk, a quarter of the CPU of a small call."""

_SAFE = frozenset({"GET", "HEAD"})
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_NO_TARGET = re.compile(r"[^\x21-\x7e]").search
_ADDRESSES = 4096


class Outgoing(NamedTuple):
    """One request. `host` is also what stands in its header, `target` its path and query, both as they were signed."""

    method: str
    scheme: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    proxy: str = ""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLarge(Exception):
    """The answer is larger than what was to be read of it."""


class Wire:
    """Connections to all hosts, each used again for the next request to the same."""

    def __init__(self, connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout = _CONNECT) -> None:
        self._connector = connector
        self._timeout = timeout
        self._addresses: dict[tuple[str, str, str], aiohttp.ClientRequest] = {}

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._connector.close()

    async def send(self, request: Outgoing, largest: int) -> Answer:
        """Raises TooLarge, ValueError for what is no HTTP, aiohttp.ClientError, TimeoutError or OSError.

        A server may close a kept connection while a request is on its way. What only reads is then sent once more,
        anything else is for the host to decide.
        """
        address = self._address(request)
        if request.method in _SAFE:
            try:
                return await self._exchange(address, request, largest)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                pass
        return await self._exchange(address, request, largest)

    def _address(self, request: Outgoing) -> aiohttp.ClientRequest:
        """What the connector asks about the other end. Nothing is sent with it."""
        key = (request.scheme, request.host, request.proxy)
        found = self._addresses.get(key)
        if found is None:
            if len(self._addresses) >= _ADDRESSES:
                self._addresses.clear()
            url = URL.build(scheme=request.scheme, authority=request.host, path="/", encoded=True)
            if not url.raw_host:
                raise ValueError(f"{request.host!r} is no host")
            proxy = URL(request.proxy) if request.proxy else None
            loop = asyncio.get_running_loop()
            found = self._addresses[key] = aiohttp.ClientRequest("GET", url, loop=loop, proxy=proxy)
        return found

    async def _exchange(self, address: aiohttp.ClientRequest, request: Outgoing, largest: int) -> Answer:
        connection = await self._connector.connect(address, [], self._timeout)
        try:
            answer = await _answer(connection, address, request, largest)
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientError(f"not HTTP: {error.message}") from None
        except BaseException:
            connection.close()
            raise
        connection.release()
        return answer


async def _answer(connection: Connection, address: aiohttp.ClientRequest, request: Outgoing, largest: int) -> Answer:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    silent = request.method == "HEAD"
    protocol.set_response_params(skip_payload=silent, read_until_eof=True)
    transport.write(_written(address, request))
    message, content = await protocol.read()
    while message.code < 200 and message.code != 101:  # it says that the answer is still to come
        message, content = await protocol.read()
    body = b"" if silent else await _read(message.headers, content, largest)
    return Answer(message.code, message.headers, body)


def _written(address: aiohttp.ClientRequest, request: Outgoing) -> bytes:
    """Raises ValueError where a header or the target would end early, and begin what nobody asked for."""
    method, scheme, host, target, headers, body, proxy = request
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if _CONTROL("".join(lines)) or _NO_TARGET(target):
        raise ValueError("a character that cannot stand in a request")
    if body or method not in _SAFE:
        lines.append(f"content-length: {len(body)}")
    if proxy and scheme == "http":
        target = f"http://{host}{target}"
        if (known := address.headers.get("Proxy-Authorization")) is not None:  # the connector puts it there
            lines.append(f"proxy-authorization: {known}")
    fields = "\r\n".join(lines)
    head = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\nuser-agent: syncd\r\n{fields}\r\n\r\n"
    return head.encode() + body


async def _read(headers: Mapping[str, str], content: aiohttp.StreamReader, largest: int) -> bytes:
    """The whole body, unpacked. One that breaks off raises."""
    length = headers.get("Content-Length")
    if length is not None and int(length) > largest:
        raise TooLarge
    if length is not None and "Content-Encoding" not in headers:
        return content.read_nowait() if content.is_eof() else await content.read()
    parts, size = [], 0
    async for part in content.iter_any():
        size += len(part)
        if size > largest:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)
