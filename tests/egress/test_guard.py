"""No way of writing an address leads to one that is not public: 14 of them by name, by literal and by rebinding."""

import asyncio
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from syncd.config_text import converted
from syncd.errors import Retry
from syncd.settings import EgressSettings
from tests.egress.hostile import HOSTILE
from tests.egress.servers import LOOPBACK, NOW, Certificates, Names, Sink, leaving, serving, streaming, tunnel

STRICT = EgressSettings(timeout_seconds=2.0)


def written(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", HOSTILE)
async def test_a_hostile_address_is_refused_by_name(address: str) -> None:
    async with leaving(STRICT, Names({"sink.example": [address]})) as egress:
        with pytest.raises(Retry, match=r"is not a public address; only \[egress\] allow can permit it"):
            await egress.attempt(NOW).send("POST", "https://sink.example/")


@pytest.mark.parametrize("address", HOSTILE)
async def test_a_hostile_address_is_refused_as_a_literal(address: str) -> None:
    async with leaving(STRICT) as egress:
        with pytest.raises(Retry, match="is not a public address"):
            await egress.attempt(NOW).send("POST", f"https://{written(address)}/")


@pytest.mark.parametrize("address", HOSTILE)
async def test_a_hostile_address_is_refused_when_a_name_is_bound_to_it_later(address: str) -> None:
    """The first answer is allowed and nobody listens there; what counts is each socket, not an earlier look."""
    settings = EgressSettings(allow=("127.0.0.2",), timeout_seconds=2.0)
    names = Names({"sink.example": ["127.0.0.2", address]})
    async with leaving(settings, names) as egress:
        with pytest.raises(Retry, match="no connection"):
            await egress.attempt(NOW).send("POST", f"https://sink.example:{free_port()}/")
        with pytest.raises(Retry, match="is not a public address"):
            await egress.attempt(NOW).send("POST", "https://sink.example/")
    assert names.asked == ["sink.example", "sink.example"]


@pytest.mark.parametrize("address", HOSTILE)
async def test_a_socket_for_mail_is_under_the_same_rule(address: str) -> None:
    async with leaving(STRICT, Names({"mail.example": [address]})) as egress:
        for host in ("mail.example", address):
            with pytest.raises(Retry, match="is not a public address"):
                await egress.attempt(NOW).connect(host, 25)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "127.0.0.1."])
async def test_other_ways_of_writing_loopback_lead_nowhere(host: str) -> None:
    async with leaving(STRICT) as egress:
        with pytest.raises(Retry):
            await egress.attempt(NOW).send("POST", f"https://{host}/")
        with pytest.raises(Retry):
            await egress.attempt(NOW).connect(host, 25)


async def test_a_name_that_is_allowed_may_lead_inside_and_no_other_name_may() -> None:
    names = Names({"alerts.internal": ["127.0.0.1"], "evil.example": ["127.0.0.1"]})
    settings = EgressSettings(allow=("alerts.internal",), http=("alerts.internal", "evil.example"))
    sink = Sink()
    async with serving(sink) as url, leaving(settings, names) as egress:
        port = urlsplit(url).port
        assert (await egress.attempt(NOW).send("POST", f"http://alerts.internal:{port}/")).status == 200
        with pytest.raises(Retry, match=r"127\.0\.0\.1 is not a public address"):
            await egress.attempt(NOW).send("POST", f"http://evil.example:{port}/")
    assert len(sink.requests) == 1


async def test_names_that_are_asked_for_at_one_time_do_not_lend_each_other_their_permission() -> None:
    names = Names({"alerts.internal": ["127.0.0.1"], "evil.example": ["127.0.0.1"]})
    settings = EgressSettings(allow=("alerts.internal",), http=("alerts.internal", "evil.example"))
    sink = Sink()
    async with serving(sink) as url, leaving(settings, names) as egress:
        port = urlsplit(url).port
        hosts = ["alerts.internal", "evil.example"] * 10
        sending = (egress.attempt(NOW).send("POST", f"http://{host}:{port}/") for host in hosts)
        results = await asyncio.gather(*sending, return_exceptions=True)
    assert [isinstance(result, Retry) for result in results] == [False, True] * 10
    assert len(sink.requests) == 10


async def test_of_several_addresses_of_a_name_each_is_judged() -> None:
    names = Names({"evil.example": ["127.0.0.1 ::1 10.0.0.1"], "alerts.internal": ["127.0.0.2 127.0.0.1 ::1"]})
    settings = EgressSettings(allow=("alerts.internal",), http=("alerts.internal", "evil.example"), timeout_seconds=2.0)
    sink = Sink()
    async with serving(sink) as url, leaving(settings, names) as egress:
        port = urlsplit(url).port
        assert (await egress.attempt(NOW).send("POST", f"http://alerts.internal:{port}/")).status == 200
        with pytest.raises(Retry, match="is not a public address"):
            await egress.attempt(NOW).send("POST", f"http://evil.example:{port}/")
        with pytest.raises(Retry, match="is not a public address"):
            await egress.attempt(NOW).connect("evil.example", port or 0)
    assert len(sink.requests) == 1


async def test_a_redirect_is_not_followed() -> None:
    inner = Sink()
    async with serving(inner) as inside, leaving() as egress:
        outer = Sink([web.Response(status=307, headers={"Location": f"{inside}/secret-path"})])
        async with serving(outer) as url:
            with pytest.raises(Exception, match=rf"answered 307: redirects are not followed \({inside}\)$"):
                await egress.attempt(NOW).send("POST", url)
    assert inner.requests == []


async def test_plain_http_is_spoken_only_to_hosts_that_are_named_for_it() -> None:
    sink = Sink()
    async with serving(sink) as url, leaving(EgressSettings(allow=("127.0.0.1",))) as egress:
        with pytest.raises(Retry, match=r"only https is spoken, unless \[egress\] http names the host"):
            await egress.attempt(NOW).send("POST", url)
    assert sink.requests == []


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, other = Sink(), Sink()
    async with serving(sink) as url, serving(other) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        async with leaving() as egress:
            await egress.attempt(NOW).send("POST", url)
    assert (len(sink.requests), len(other.requests)) == (1, 0)


async def test_a_proxy_of_the_configuration_is_what_is_asked_and_what_is_checked() -> None:
    proxy = Sink()
    async with serving(proxy) as url:
        allowed = EgressSettings(allow=("127.0.0.1",), http=("sink.example",), proxy=url)
        async with leaving(allowed) as egress:
            await egress.attempt(NOW).send("POST", "http://sink.example/path")
        async with leaving(EgressSettings(http=("sink.example",), proxy=url)) as egress:
            with pytest.raises(Retry, match=r"127\.0\.0\.1 is not a public address"):
                await egress.attempt(NOW).send("POST", "http://sink.example/path")
    (request, _) = proxy.requests[0]
    assert request.headers["Host"] == "sink.example"
    assert len(proxy.requests) == 1


async def test_through_a_proxy_tls_is_spoken_with_the_target(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    asked: list[bytes] = []
    tls = ssl.create_default_context(cafile=certificates.file("authority"))
    sink = Sink()
    async with serving(sink, certificates.server()) as url, streaming(tunnel(urlsplit(url).port, asked)) as port:
        settings = EgressSettings(allow=("127.0.0.1",), proxy=f"http://127.0.0.1:{port}", timeout_seconds=5.0)
        async with leaving(settings) as egress:
            await egress.attempt(NOW).send("POST", f"{url}/hidden", tls=tls)
            with pytest.raises(Retry, match="TLS: the certificate is not valid"):
                await egress.attempt(NOW).send("POST", f"{url}/hidden")
    assert asked[0] == f"CONNECT {urlsplit(url).netloc} HTTP/1.1".encode()
    assert len(sink.requests) == 1


async def test_a_proxy_that_refuses_is_named() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with streaming(refuse) as port:
        settings = EgressSettings(allow=("127.0.0.1",), proxy=f"http://127.0.0.1:{port}")
        async with leaving(settings) as egress:
            with pytest.raises(Retry, match=r"^POST https://sink\.example: the proxy answered 407$"):
                await egress.attempt(NOW).send("POST", "https://sink.example/hidden")


async def test_a_literal_address_is_refused_in_front_of_a_proxy_as_well() -> None:
    proxy = Sink()
    async with serving(proxy) as url:
        settings = EgressSettings(allow=("127.0.0.1",), http=("10.0.0.1",), proxy=url)
        async with leaving(settings) as egress:
            with pytest.raises(Retry, match=r"10\.0\.0\.1 is not a public address"):
                await egress.attempt(NOW).send("POST", "http://10.0.0.1/")
    assert proxy.requests == []


async def test_a_socket_is_connected_and_does_not_block() -> None:
    async with serving(Sink()) as url, leaving(LOOPBACK) as egress:
        with await egress.attempt(NOW).connect("127.0.0.1", urlsplit(url).port or 0) as found:
            assert found.getpeername()[0] == "127.0.0.1"
            assert found.gettimeout() == 0.0


@pytest.mark.parametrize("table", [{"allow": ["10.0.0.1/24"]}, {"http": ["https://a.example"]}])
def test_a_place_that_names_nothing_is_an_error_of_the_configuration(table: dict[str, list[str]]) -> None:
    _, (wrong,) = converted(table, EgressSettings)
    assert wrong.text.startswith(f"{next(iter(table))}: ")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.2", 0))
        return int(found.getsockname()[1])
