"""Requests are written, and answers read, as HTTP says; connections are kept, and never one in doubt."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from collectors.aws.wire import Answer, Outgoing, TooLarge, Wire
from tests.egress.servers import Certificates, Sink, Stream, request_of, serving, streaming, tunnel

FULL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def asking(url: str, method: str = "GET", body: bytes = b"", proxy: str = "") -> Outgoing:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Outgoing(method, parts.scheme, parts.netloc, target, {"x-amz-date": "20261123T120000Z"}, body, proxy)


@asynccontextmanager
async def wire(tls: ssl.SSLContext | bool = True) -> AsyncIterator[Wire]:
    async with Wire(aiohttp.TCPConnector(ssl=tls)) as found:
        yield found


async def said(answer: bytes, method: str = "GET", largest: int = 100) -> Answer:
    """What becomes of exactly these bytes, after which the server closes."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer)
        await writer.drain()

    async with streaming(say) as port, wire() as http:
        return await http.send(asking(f"http://127.0.0.1:{port}", method), largest)


async def test_a_request_is_sent_as_it_was_signed_with_its_length_and_our_name() -> None:
    seen: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            seen.append(await request_of(reader))
            writer.write(FULL)

    async with streaming(keep) as port, wire() as http:
        url = f"http://127.0.0.1:{port}/b%20c?a=%7E&b="
        for outgoing in (asking(url), asking(url, "POST", b"body"), asking(url, "POST")):
            assert (await http.send(outgoing, 100))[::2] == (200, b"ok")
    common = f" /b%20c?a=%7E&b= HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nuser-agent: syncd\r\nx-amz-date: 20261123T120000Z"
    assert seen[0].decode() == f"GET{common}\r\n\r\n"
    assert seen[1].decode() == f"POST{common}\r\ncontent-length: 4\r\n\r\nbody"
    assert seen[2].decode() == f"POST{common}\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "outgoing",
    [
        asking("http://127.0.0.1:9")._replace(headers={"x-amz-meta": "a\r\nhost: elsewhere"}),
        asking("http://127.0.0.1:9")._replace(headers={"x-amz\n": "a"}),
        asking("http://127.0.0.1:9")._replace(target="/a HTTP/1.1\r\n"),
        asking("http://127.0.0.1:9")._replace(target="/ä"),
    ],
)
async def test_nothing_can_end_a_header_or_the_target_early(outgoing: Outgoing) -> None:
    async with streaming(_refused) as port, wire() as http:
        with pytest.raises(ValueError, match="cannot stand in a request"):
            await http.send(outgoing._replace(host=f"127.0.0.1:{port}"), 100)


async def _refused(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    assert not await reader.read(), "nothing of it is sent"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (FULL, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + FULL, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
async def test_a_whole_answer_is_read_however_its_end_is_told(answer: bytes, body: bytes) -> None:
    assert (await said(answer)).body == body


async def test_an_answer_to_a_request_for_headers_has_no_body() -> None:
    answer = await said(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-Amz-Bucket-Region: eu-west-1\r\n\r\n", "HEAD")
    assert answer.body == b""
    assert answer.headers["x-amz-bucket-region"] == "eu-west-1"


async def test_a_packed_answer_is_unpacked_and_bounded_by_what_it_unpacks_to() -> None:
    packed = gzip.compress(b"a" * 5000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    assert (await said(head + packed, largest=5000)).body == b"a" * 5000
    with pytest.raises(TooLarge):
        await said(head + packed, largest=4999)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
    ],
)
async def test_what_breaks_off_or_is_no_http_is_no_answer(answer: bytes) -> None:
    with pytest.raises(aiohttp.ClientError):
        await said(answer, "POST")


def closing_after(count: int, connections: list[int]) -> Stream:
    """A server that closes each connection at the request after `count` answered ones."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        number = len(connections) - 1
        for _ in range(count):
            await request_of(reader)
            connections[number] += 1
            writer.write(FULL)
        await request_of(reader)

    return answer


async def test_a_connection_is_used_again_and_what_only_reads_is_sent_once_more_when_it_ends() -> None:
    connections: list[int] = []
    async with streaming(closing_after(2, connections)) as port, wire() as http:
        url = f"http://127.0.0.1:{port}"
        for _ in range(3):
            assert (await http.send(asking(url), 100)).body == b"ok"
        assert connections == [2, 1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_what_may_have_been_done_is_not_sent_again(method: str) -> None:
    connections: list[int] = []
    async with streaming(closing_after(1, connections)) as port, wire() as http:
        url = f"http://127.0.0.1:{port}"
        assert (await http.send(asking(url, method), 100)).body == b"ok"
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.send(asking(url, method), 100)
    assert connections == [1]


async def test_what_is_cut_off_for_ever_is_sent_twice_at_most() -> None:
    connections: list[int] = []
    async with streaming(closing_after(0, connections)) as port, wire() as http:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.send(asking(f"http://127.0.0.1:{port}"), 100)
    assert connections == [0, 0]


async def test_a_call_that_is_given_up_takes_its_connection_with_it() -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/silent" not in await request_of(reader):
            writer.write(FULL)
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reader.read()
        ended.set()

    async with streaming(silent) as port, Wire(aiohttp.TCPConnector(limit=1)) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await http.send(asking(f"http://127.0.0.1:{port}/silent"), 100)
        await asyncio.wait_for(ended.wait(), 5)
        assert (await http.send(asking(f"http://127.0.0.1:{port}/next"), 100)).body == b"ok"


async def test_an_answer_that_is_too_large_leaves_no_connection_with_its_rest() -> None:
    large = web.Response(body=b"a" * 1000)
    sink = Sink([large, web.Response(body=b"ok")])
    async with serving(sink) as url, Wire(aiohttp.TCPConnector(limit=1)) as http:
        with pytest.raises(TooLarge):
            await http.send(asking(url), 999)
        assert (await http.send(asking(url), 999)).body == b"ok"


async def test_through_a_proxy_a_plain_request_names_its_target_and_who_asks() -> None:
    proxy = Sink()
    async with serving(proxy) as url, wire() as http:
        through = url.replace("//", "//someone:secret@")
        for _ in range(2):
            await http.send(asking("http://aws.invalid/path?a=b", proxy=through), 100)
    for request, _ in proxy.requests:
        assert request.raw_path == "http://aws.invalid/path?a=b"
        assert request.headers["Host"] == "aws.invalid"
        assert request.headers["Proxy-Authorization"] == aiohttp.encode_basic_auth("someone", "secret")


async def test_through_a_proxy_tls_is_spoken_with_the_target_whose_certificate_counts(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    known = ssl.create_default_context(cafile=certificates.file("authority"))
    asked: list[bytes] = []
    sink = Sink()
    async with serving(sink, certificates.server()) as url, streaming(tunnel(urlsplit(url).port, asked)) as port:
        outgoing = asking(f"{url}/hidden", proxy=f"http://127.0.0.1:{port}")
        async with wire(known) as http:
            assert (await http.send(outgoing, 100)).status == 200
        async with wire() as http:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.send(outgoing, 100)
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.send(asking(url), 100)
    assert asked[0] == f"CONNECT {urlsplit(url).netloc} HTTP/1.1".encode()
    assert [request.raw_path for request, _ in sink.requests] == ["/hidden"]
