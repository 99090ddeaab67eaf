"""http: a request as its templates say, which no value of a notice can leave."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from reactions.http import HttpSettings, reaction
from reactions.template import LARGEST
from syncd.config_text import converted
from syncd.errors import Rejected
from syncd.notice import Notice
from syncd.plugin import Receipt
from tests.egress.servers import NOW, Sink, leaving, serving
from tests.reactions.contract.notices import FIRING, HOSTILE, WORDS
from tests.reactions.contract.points import CANARY, secrets_in


async def delivered(url: str, notice: Notice = FIRING, **more: Any) -> Receipt:
    settings, wrong = converted({"url": url, **more}, HttpSettings)
    assert not wrong, wrong
    async with leaving() as egress:
        return await reaction.deliver(egress.attempt(NOW, 2, {}, secrets_in(settings)), settings, notice)


async def taken(path: str = "", notice: Notice = FIRING, **more: Any) -> tuple[web.Request, bytes]:
    sink = Sink()
    async with serving(sink) as url:
        await delivered(url + path, notice, **more)
    return sink.requests[0]


async def test_without_a_body_the_notice_is_sent_as_json() -> None:
    request, body = await taken()
    assert (request.method, request.content_type) == ("POST", "application/json")
    assert json.loads(body)["title"] == FIRING.title


async def test_method_address_headers_and_body_are_as_written() -> None:
    body = "{% for item in notice.items %}{{ loop.index }}:{{ item.resource.name }} {% endfor %}attempt {{ attempt }}"
    headers = {"Content-Type": "text/plain", "Authorization": "Bearer {{ secrets.token }}"}
    more: dict[str, Any] = {"method": "PUT", "headers": headers, "body": body, "secrets": {"token": CANARY}}
    request, said = await taken("/incidents/{{ notice.incident }}?rule={{ notice.rule }}", **more)
    assert (request.method, request.path_qs) == ("PUT", f"/incidents/{FIRING.incident}?rule=public-buckets")
    assert (request.content_type, request.headers["Authorization"]) == ("text/plain", f"Bearer {CANARY}")
    assert said == b"1:data 2:data attempt 2"


@pytest.mark.parametrize("words", ["../../admin?x=1&y=2#z", "@evil.example/", "a b\r\nX-Evil: 1", "%2e%2e/"])
async def test_no_value_leaves_its_place_in_address_or_header(words: str) -> None:
    request, _ = await taken(
        "/in/{{ notice.title }}/end", replace(FIRING, title=words), headers={"X-Title": "{{ notice.title }}"}
    )
    assert request.rel_url.raw_path.startswith("/in/")
    assert request.rel_url.raw_path.endswith("/end")
    assert request.rel_url.raw_path.count("/") == 3
    assert request.match_info["path"] == f"in/{words}/end"
    assert "X-Evil" not in request.headers


async def test_values_are_not_templates() -> None:
    _, body = await taken(notice=HOSTILE, body='{"title": {{ notice.title | tojson }}}')
    assert json.loads(body) == {"title": WORDS}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ notice.titel }}", "has no attribute 'titel'"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("{{ notice.update({}) }}", "is unsafe"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ 'x' * %d }}" % (LARGEST + 1), "is longer than"),  # noqa: UP031 (braces)
    ],
)
async def test_what_a_template_cannot_do_is_rejected(body: str, said: str) -> None:
    sink = Sink()
    async with serving(sink) as url:
        with pytest.raises(Rejected) as caught:
            await delivered(url, body=body)
    assert caught.value.reason.startswith("body: ")
    assert said in caught.value.reason
    assert sink.requests == []


async def test_statuses_that_are_expected_mean_delivered_and_no_other_does() -> None:
    async with serving(Sink([web.Response(status=409, text="there already")])) as url:
        assert (await delivered(url, expected=[201, 409])).answer == "409 there already"
    async with serving(Sink([web.Response(status=202)])) as url:
        with pytest.raises(Rejected, match="answered 202, which is not expected"):
            await delivered(url, expected=[201])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "https://a.example/{{ hidden-canary"}, "url: not a template"),
        ({"body": "{% if %}"}, "body: "),
        ({"headers": {"X-A": "{{"}}, "headers.X-A: "),
        ({"method": "post"}, "a method such as POST"),
        ({"expected": [99]}, "expected"),
    ],
)
def test_what_is_no_template_is_an_error_of_the_configuration(more: dict[str, Any], said: str) -> None:
    _, wrong = converted({"url": "https://a.example/", **more}, HttpSettings)
    told = " ".join(each.key("target") + each.text for each in wrong)
    assert said in told
    assert "canary" not in told
