"""apprise: what Apprise reaches, without a secret in logs or reasons, and a clear word when it is not installed."""

import logging
import sys
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from aiohttp import web

from reactions.apprise import AppriseSettings, reaction
from syncd.errors import Retry
from syncd.notice import Notice
from syncd.plugin import Receipt, Secret
from tests.egress.servers import NOW, Sink, leaving, serving
from tests.reactions.contract.notices import FIRING, FORMS
from tests.reactions.contract.points import CANARY

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Apprise imports what Python is going to drop


async def delivered(url: str, notice: Notice = FIRING, **more: Any) -> Receipt:
    settings = AppriseSettings(urls=(Secret(url),), **more)
    async with leaving() as egress:
        return await reaction.deliver(egress.attempt(NOW, secrets=settings.urls), settings, notice)


async def test_a_notice_of_any_form_is_delivered() -> None:
    pytest.importorskip("apprise")
    sink = Sink()
    async with serving(sink) as url:
        for notice in FORMS.values():
            assert (await delivered(f"json://{urlsplit(url).netloc}/{CANARY}", notice)).answer == "taken by 1"
    said = [orjson.loads(body) for _, body in sink.requests]
    assert said[0]["title"] == "[ERROR] 2 buckets are public"
    assert [each["type"] for each in said[:4]] == ["failure", "success", "info", "info"]
    assert len(said) == len(FORMS)


async def test_what_is_not_taken_is_tried_again_and_nothing_secret_is_told(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise")
    with caplog.at_level(logging.DEBUG):
        async with serving(Sink([web.Response(status=400, text=CANARY)])) as url:
            with pytest.raises(Retry, match="did not take it") as caught:
                await delivered(f"json://{urlsplit(url).netloc}/{CANARY}")
    assert CANARY not in caplog.text + caught.value.reason


async def test_an_address_that_nobody_knows_is_named_by_its_number() -> None:
    pytest.importorskip("apprise")
    with pytest.raises(Retry, match=r"^urls: number 1 is no address that Apprise knows$"):
        await delivered(f"nothing-{CANARY}")


async def test_without_apprise_the_reason_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Retry, match=r"pip install 'syncd\[apprise\]'"):
        await delivered("json://localhost")
