"""Servers on 127.0.0.1, names that lead where a test says, and what it needs to send to them."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syncd.egress import Egress
from syncd.plugin import Secret
from syncd.settings import EgressSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LOOPBACK = EgressSettings(allow=("127.0.0.1",), http=("127.0.0.1",), timeout_seconds=2.0)

Stream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Names(AbstractResolver):
    """Answers each question for a name with the next of its addresses, or list of them; with the last one for ever."""

    known: dict[str, Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = self.known.get(host)
        if not answers:
            raise OSError(None, "no such name")
        found = answers[min(self.asked.count(host), len(answers) - 1)]
        self.asked.append(host)
        return [_resolved(host, each, port) for each in found.split()]

    async def close(self) -> None: ...


def _resolved(name: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=name, host=address, port=port, family=family, proto=0, flags=0)


@dataclass
class Sink:
    """A handler that keeps the requests and gives one answer after the other, the last one for ever."""

    answers: list[web.Response] = field(default_factory=lambda: [web.Response()])
    requests: list[tuple[web.Request, bytes]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


@asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """The URL of a server that answers every request with `handler`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", r"/{path:[\s\S]*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"http{'s' * bool(tls)}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def streaming(answer: Stream, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that says byte by byte what `answer` writes."""
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            await answer(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=16 * 1024 * 1024, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        if tasks:
            await asyncio.wait(tasks, timeout=0.05)  # the client has left: whoever reads or writes learns of it
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Head and body of one request with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


@asynccontextmanager
async def leaving(settings: EgressSettings = LOOPBACK, names: AbstractResolver | None = None) -> AsyncIterator[Egress]:
    async with Egress(settings, resolver=names) as egress:
        yield egress


def secrets(*values: str) -> Iterable[Secret]:
    return [Secret(value) for value in values]


@dataclass(frozen=True)
class Certificates:
    """Files of an authority and of certificates for 127.0.0.1 and a client, made for the test."""

    place: Path

    def __post_init__(self) -> None:
        authority = ec.generate_private_key(ec.SECP256R1())
        self._write("authority", authority, _certificate("authority", authority, None))
        for name in ("server", "client"):
            key = ec.generate_private_key(ec.SECP256R1())
            self._write(name, key, _certificate(name, key, authority))

    def file(self, name: str) -> str:
        """Certificate and key in one file."""
        return str(self.place / f"{name}.pem")

    def server(self, *, asks: bool = False) -> ssl.SSLContext:
        """`asks`: only clients with a certificate of the authority are served."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file("server"))
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file("authority"))
        return context

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.place / f"{name}.pem").write_bytes(certificate.public_bytes(pem) + private)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey | None
) -> x509.Certificate:
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(hours=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return made.sign(authority or key, hashes.SHA256())


def tunnel(port: int | None, asked: list[bytes]) -> Stream:
    """A proxy that leads whatever it is asked for to one port on loopback; `asked` are the first lines."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 go on\r\n\r\n")
        await asyncio.gather(_pump(reader, outer), _pump(inner, writer))

    return lead


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
    target.close()
