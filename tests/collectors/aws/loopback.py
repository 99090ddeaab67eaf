"""Servers on 127.0.0.1 that stand in for AWS, and what a test needs to call them."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from moto.server import ThreadedMotoServer

from collectors.aws.client import Client, open_http
from collectors.aws.credentials import FixedKeys, Identity
from collectors.aws.endpoints import Endpoints, EndpointSettings
from collectors.aws.models import Models
from collectors.aws.signing import Credentials
from syncd.errors import Temporary
from syncd.plugin import Lane

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEYS = Credentials("AKIAEXAMPLE", "a-secret-key")
ACCOUNT = "111122223333"


@dataclass
class Host:
    """The host's part of a call: as many attempts as are allowed, without waiting, and a record of what was asked."""

    attempts: int = 3
    asked: list[tuple[Lane, str]] = field(default_factory=list)
    bytes: int = 0
    failures: list[Temporary] = field(default_factory=list)

    async def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> T:
        for left in reversed(range(self.attempts)):
            self.asked.append((lane, operation))
            try:
                return await attempt()
            except Temporary as error:
                self.failures.append(error)
                if not left:
                    raise
        raise AssertionError("at least one attempt")

    def received(self, size: int) -> None:
        self.bytes += size

    @property
    def operations(self) -> list[str]:
        return [operation for _, operation in self.asked]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The URL of a server that answers every request with `handler`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Script:
    """A handler that gives one answer after the other, the last one for ever, and keeps the requests."""

    answers: list[web.Response | Callable[[], web.Response]]
    requests: list[tuple[web.Request, bytes]] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, web.Response):
            return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        return answer()


def xml(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body.encode(), headers={"Content-Type": "text/xml", **(headers or {})})


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=json.dumps(value).encode(), headers=headers)


@asynccontextmanager
async def calling(url: str, models: Models | None = None, **more: Any) -> AsyncIterator[Client]:
    """A client whose every call goes to `url`."""
    known = models or Models()
    async with open_http() as http:
        yield Client(http, known, Endpoints(known, EndpointSettings(url=url)), **more)


def someone(region: str = "us-east-1", account: str = ACCOUNT) -> Identity:
    return Identity(account, "aws", region, FixedKeys(KEYS, "the environment"))


@contextmanager
def fake_estate(*flags: str) -> Iterator[str]:
    """The URL of `python -m bench.fakeaws` with these flags."""
    command = [sys.executable, "-m", "bench.fakeaws", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
        finally:
            server.terminate()


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of an empty moto. Its state belongs to the process, so it is emptied first."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        request = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        yield f"http://{host}:{port}"
    finally:
        server.stop()


async def post_faults(url: str, *rules: dict[str, Any]) -> None:
    """Scripts what goes wrong at a fake estate from now on."""
    async with aiohttp.ClientSession() as http, http.post(f"{url}/__faults", json=list(rules)) as answer:
        assert answer.status == 200, await answer.text()
