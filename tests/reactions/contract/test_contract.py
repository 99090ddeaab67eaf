"""What every handler promises, whatever its receiver does: delivered, Retry or Rejected, and no secret in any of it."""

import asyncio
import json
import logging
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Receipt
from syncd.settings import EgressSettings
from tests.egress.servers import (
    LOOPBACK,
    NOW,
    Certificates,
    Sink,
    leaving,
    request_of,
    serving,
    streaming,
)
from tests.reactions.contract.notices import FIRING, FORMS
from tests.reactions.contract.points import (
    ANSWER,
    CANARY,
    OTHERWISE,
    PLANNING,
    SIGNING,
    Point,
    handlers,
    points,
    secrets_in,
)

HASTY = EgressSettings(allow=("127.0.0.1",), http=("127.0.0.1",), timeout_seconds=0.25)

each_handler = pytest.mark.parametrize("point", points(), ids=lambda point: f"{point.handler} {point.way}".strip())


def well() -> web.Response:
    return web.Response(status=200, body=json.dumps(ANSWER).encode(), headers={"Content-Type": "application/json"})


async def delivered(
    point: Point, url: str, notice: Notice = FIRING, attempt: int = 1, settings: EgressSettings = LOOPBACK
) -> Receipt:
    given = point.settings(url)
    async with leaving(settings) as egress:
        context = egress.attempt(NOW + timedelta(minutes=attempt), attempt, {}, secrets_in(given))
        return await point.reaction.deliver(context, given, notice)


async def failed(point: Point, url: str, settings: EgressSettings = LOOPBACK) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await delivered(point, url, settings=settings)
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: DeliveryError) -> None:
    """One line, and no secret in it or in what a log would show of it."""
    told = error.reason + "".join(traceback.format_exception(error))
    assert CANARY not in told
    assert SIGNING not in told
    assert error.reason
    assert error.reason.isprintable()
    assert len(error.reason) < 500


async def echo(status: int, request: web.Request) -> web.Response:
    """A receiver that gives back all it was told: in its words no secret is safe."""
    said = [str(request.rel_url), *(f"{name}: {value}" for name, value in request.headers.items())]
    return web.Response(status=status, text="\n".join([*said, (await request.read()).decode(errors="replace")]))


def test_every_registered_handler_is_held_to_a_contract() -> None:
    others = (OTHERWISE | PLANNING) & set(handlers())
    assert set(handlers()) == {point.handler for point in points()} | others
    for name in others:
        assert (Path(__file__).parents[1] / f"test_{'planning' if name in PLANNING else name}.py").is_file()


@pytest.mark.parametrize("name", sorted(handlers()))
def test_a_handler_says_what_it_is(name: str) -> None:
    reaction = handlers()[name]
    assert reaction.name == name
    assert reaction.most >= 1
    assert reaction.repeat >= 0
    assert reaction.settings.__doc__
    assert reaction.settings.__struct_config__.frozen
    assert reaction.settings.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize("form", sorted(FORMS))
@each_handler
async def test_a_notice_of_any_form_is_delivered(point: Point, form: str) -> None:
    sink = Sink([well()])
    async with serving(sink) as url:
        receipt = await delivered(point, url, FORMS[form])
    assert sink.requests
    assert all(isinstance(value, str) for value in receipt.memory.values())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 425, 500, 502, 503, 504])
@each_handler
async def test_a_refusal_is_tried_again_or_is_final_by_its_status(point: Point, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return await echo(status, request)

    async with serving(answer) as url:
        error = await failed(point, url)
    again = status >= 500 or status in {401, 403, 404, 408, 425} | point.retries
    expected = Retry if again and status not in point.rejects else Rejected
    assert type(error) is expected


@pytest.mark.parametrize(("header", "after"), [({"Retry-After": "17"}, 17), ({}, None)])
@each_handler
async def test_a_receiver_that_has_enough_is_asked_later(
    point: Point, header: dict[str, str], after: float | None
) -> None:
    async with serving(Sink([web.Response(status=429, headers=header)])) as url:
        error = await failed(point, url)
    assert isinstance(error, Retry)
    assert error.after == after


@each_handler
async def test_a_receiver_that_says_nothing_is_given_up_in_time(point: Point) -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    begun = time.monotonic()
    async with streaming(silence) as port:
        assert isinstance(await failed(point, f"http://127.0.0.1:{port}", HASTY), Retry)
    assert time.monotonic() - begun < 2


@each_handler
async def test_a_connection_that_is_reset_after_the_body_was_read_is_one_request(point: Point) -> None:
    seen = []

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.transport.abort()

    async with streaming(reset) as port:
        assert isinstance(await failed(point, f"http://127.0.0.1:{port}"), Retry)
    assert len(seen) == 1


@each_handler
async def test_a_redirect_is_not_followed(point: Point) -> None:
    elsewhere = Sink()
    async with serving(elsewhere) as other:
        away = Sink([web.Response(status=308, headers={"Location": f"{other}/{CANARY}"})])
        async with serving(away) as url:
            error = await failed(point, url)
    assert isinstance(error, Rejected)
    assert elsewhere.requests == []


@each_handler
async def test_an_answer_of_any_size_and_kind_does_no_harm(point: Point) -> None:
    """Delivered or not: the receiver said yes, though what it said cannot be read."""
    for body in (b"x" * 3_000_000, b"[" * 60_000, b'{"issues": 1e999}', b"null", b"\xff\xfe\x00", b""):
        async with serving(Sink([web.Response(status=200, body=body)])) as url:
            try:
                receipt = await delivered(point, url)
            except DeliveryError as error:
                assert_silent(error)
            else:
                assert len(receipt.answer) < 1000


@each_handler
async def test_an_answer_that_drips_is_given_up_in_time(point: Point) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.02)

    async with streaming(drip) as port:
        assert isinstance(await failed(point, f"http://127.0.0.1:{port}", HASTY), Retry)


@each_handler
async def test_a_certificate_that_is_not_valid_ends_the_attempt_by_name(point: Point, tmp_path: Path) -> None:
    sink = Sink([well()])
    async with serving(sink, Certificates(tmp_path).server()) as url:
        error = await failed(point, url)
    assert isinstance(error, Retry)
    assert "TLS: the certificate is not valid" in error.reason
    assert sink.requests == []


@each_handler
async def test_a_receiver_on_a_private_address_is_not_reached(point: Point) -> None:
    sink = Sink([well()])
    async with serving(sink) as url:
        error = await failed(point, url, EgressSettings(http=("127.0.0.1",)))
    assert "is not a public address" in error.reason
    assert sink.requests == []


@each_handler
async def test_each_attempt_says_the_same_under_the_same_id(point: Point) -> None:
    sink = Sink([web.Response(status=503), well()])
    async with serving(sink) as url:
        with pytest.raises(Retry):
            await delivered(point, url, attempt=1)
        await delivered(point, url, attempt=2)
    (first, first_body), (second, second_body) = sink.requests[:2]
    assert (first.method, first.rel_url) == (second.method, second.rel_url)
    assert steady(first, first_body, point) == steady(second, second_body, point)


def steady(request: web.Request, body: bytes, point: Point) -> tuple[dict[str, str], Any]:
    """What an attempt says, without what tells when it was made."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    said = json.loads(body) if request.content_type == "application/json" else body
    return {name: headers[name] for name in headers.keys() - point.volatile}, without(said, point.volatile)


def without(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    return [without(each, keys) for each in value] if isinstance(value, list) else value


@each_handler
async def test_nothing_secret_is_logged(point: Point, caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return await echo(500, request)

    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        async with serving(Sink([well()])) as url:
            await delivered(point, url)
        async with serving(refuse) as url:
            await failed(point, url)
    assert CANARY not in caplog.text + repr(logged)
