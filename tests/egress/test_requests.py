"""One attempt is one request, bounded in time and size, and tells what went wrong without telling secrets."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import syncd
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.settings import EgressSettings
from tests.egress.servers import (
    LOOPBACK,
    NOW,
    Certificates,
    Names,
    Sink,
    Stream,
    leaving,
    request_of,
    secrets,
    serving,
    streaming,
)

HASTY = EgressSettings(allow=("127.0.0.1",), http=("127.0.0.1",), timeout_seconds=0.3)


async def failed(answer: Stream, settings: EgressSettings = LOOPBACK, method: str = "POST") -> DeliveryError:
    async with streaming(answer) as port, leaving(settings) as egress:
        with pytest.raises(DeliveryError) as caught:
            await egress.attempt(NOW).send(method, f"http://127.0.0.1:{port}/", body=b"x")
    return caught.value


async def test_a_request_says_who_asks_and_nothing_is_remembered_of_the_answer() -> None:
    sink = Sink([web.Response(headers={"Set-Cookie": "a=b"}, text="ok")])
    async with serving(sink) as url, leaving() as egress:
        for _ in range(2):
            reply = await egress.attempt(NOW).send("POST", url, json={"a": 1}, headers={"X-One": "1"})
    assert (reply.status, reply.body) == (200, b"ok")
    request, body = sink.requests[-1]
    assert body == b'{"a":1}'
    assert request.headers["User-Agent"] == f"syncd/{syncd.__version__}"
    assert (request.headers["Content-Type"], request.headers["X-One"]) == ("application/json", "1")
    assert "Cookie" not in request.headers


async def test_statuses_that_are_accepted_are_answers() -> None:
    async with serving(Sink([web.Response(status=409, text="there already")])) as url, leaving() as egress:
        assert (await egress.attempt(NOW).send("POST", url, accept=(409,))).body == b"there already"


async def test_a_retry_after_is_handed_on() -> None:
    answer = web.Response(status=429, headers={"Retry-After": "7"})
    async with serving(Sink([answer])) as url, leaving() as egress:
        with pytest.raises(Retry, match="answered 429") as caught:
            await egress.attempt(NOW).send("POST", url)
    assert caught.value.after == 7


async def test_of_a_huge_answer_the_begin_is_read() -> None:
    async with serving(Sink([web.Response(body=b"x" * 5_000_000)])) as url, leaving() as egress:
        assert len((await egress.attempt(NOW).send("POST", url)).body) == 65_536


async def test_an_endless_answer_ends_when_enough_is_read() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()

    async with streaming(endless) as port, leaving() as egress:
        reply = await egress.attempt(NOW).send("POST", f"http://127.0.0.1:{port}/", body=b"x")
    assert len(reply.body) == 65_536


async def test_compressed_answers_are_not_unpacked() -> None:
    answer = web.Response(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})
    async with serving(Sink([answer])) as url, leaving() as egress:
        assert (await egress.attempt(NOW).send("POST", url)).body == b"not gzip at all"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
async def test_answers_that_drip_end_with_the_time(head: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(head)
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    error = await failed(drip, HASTY)
    assert isinstance(error, Retry)
    assert error.reason.endswith("no full answer within 0.3 s")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_connection_cut_after_the_body_was_read_is_one_request(method: str) -> None:
    """Methods that may be repeated are not repeated by the library either."""
    seen = []

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.transport.abort()

    error = await failed(cut, method=method)
    assert isinstance(error, Retry)
    assert "the connection" in error.reason
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "the answer broke off"),
    ],
)
async def test_what_is_no_whole_answer_is_tried_again(said: bytes, reason: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        await writer.drain()

    error = await failed(answer)
    assert isinstance(error, Retry)
    assert error.reason.endswith(reason)


async def test_a_name_server_that_is_silent_holds_up_nothing_but_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def silent(*_: Any, **__: Any) -> list[Any]:
        answered.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    async with leaving(HASTY) as egress:
        sent = [egress.attempt(NOW).send("POST", f"https://host{number}.example/") for number in range(40)]
        asked = asyncio.gather(*sent, return_exceptions=True)
        await asyncio.sleep(0.1)
        try:
            async with asyncio.timeout(5):
                await asyncio.to_thread(int)
        finally:
            answered.set()
        assert {type(error) for error in await asked} == {Retry}


async def test_a_name_without_address_is_tried_again() -> None:
    async with leaving(names=Names({})) as egress:
        with pytest.raises(Retry, match=r"https://gone\.example: the name of the host has no address"):
            await egress.attempt(NOW).send("POST", "https://gone.example/hidden-path")
        with pytest.raises(Retry, match=r"connect to gone\.example:25: "):
            await egress.attempt(NOW).connect("gone.example", 25)


@pytest.mark.parametrize(
    "url", ["", "ftp://a.example/", "https://", "https://[::1", "canary", "https://a.example:99999"]
)
async def test_what_is_no_address_is_rejected(url: str) -> None:
    async with leaving() as egress:
        with pytest.raises(Rejected, match="is not an http:// or https:// URL"):
            await egress.attempt(NOW).send("POST", url)


@pytest.mark.parametrize("more", [{"headers": {"X-A": "canary\r\nX-B: 1"}}, {"method": "GET / HTTP/1.1\r\n\r\n"}])
async def test_nothing_can_be_put_into_the_head_of_a_request(more: dict[str, Any]) -> None:
    sink = Sink()
    async with serving(sink) as url, leaving() as egress:
        with pytest.raises(Rejected, match="holds what HTTP does not allow"):
            await egress.attempt(NOW).send(**{"method": "POST", "url": url, **more})
    assert sink.requests == []


async def test_answers_that_give_a_secret_back_are_told_without_it() -> None:
    said = web.Response(status=400, text="no channel /canary-path?k=canary-key for canary-setting and\ncanary-header")
    async with serving(Sink([said])) as url, leaving() as egress:
        attempt = egress.attempt(NOW, secrets=secrets("canary-setting"))
        with pytest.raises(Rejected) as caught:
            await attempt.send(
                "POST", f"{url}/canary-path?k=canary-key", headers={"Authorization": "Key canary-header"}
            )
    assert caught.value.reason == f"POST {url} answered 400: no channel *** for *** and ***"


async def test_a_certificate_of_nobody_known_is_named(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    async with serving(Sink(), certificates.server()) as url, leaving() as egress:
        with pytest.raises(Retry, match=r"TLS: the certificate is not valid: .*local issuer certificate"):
            await egress.attempt(NOW).send("POST", url)


async def test_a_host_that_speaks_no_tls_is_named() -> None:
    async with serving(Sink()) as url, leaving() as egress:
        with pytest.raises(Retry, match="TLS: "):
            await egress.attempt(NOW).send("POST", url.replace("http:", "https:"))


async def test_memory_and_number_of_the_attempt_are_handed_on() -> None:
    async with leaving() as egress:
        attempt = egress.attempt(NOW, 3, {"message": "1"})
    assert (attempt.now, attempt.attempt, attempt.memory) == (NOW, 3, {"message": "1"})
