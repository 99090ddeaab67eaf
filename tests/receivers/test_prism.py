"""What is sent, judged by the vendors' own descriptions of their APIs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reactions import discord, jira, pagerduty, slack
from syncd.egress.attempt import Attempt
from syncd.errors import DeliveryError
from syncd.notice import Notice
from syncd.plugin import Reply, Secret
from syncd.settings import EgressSettings
from tests.egress.servers import NOW, leaving
from tests.fakes.notices import HOSTILE, hostile, notice
from tests.receivers.servers import description, part, prism, silent

pytestmark = pytest.mark.needs("prism")

LOGIN = {"Authorization": "Bearer xoxb", "token": "xoxb"}
STATES = ("firing", "resolved", "news", "test")
TOLD = {**{state: notice(state=state) for state in STATES}, **{name: hostile(text) for name, text in HOSTILE.items()}}
told_of_each = pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)


WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
ISSUE = "/rest/api/3/issue"
PATHS = {
    "slack.com.json": {"/chat.postMessage", "/chat.update"},
    "discord/openapi.json": {WEBHOOK},
    "pagerduty/events-v2.json": {"/enqueue"},
    "jira.json": {ISSUE, f"{ISSUE}/{{issueIdOrKey}}/comment", f"{ISSUE}/{{issueIdOrKey}}/transitions"},
}
PATIENT = EgressSettings(allow=("127.0.0.1",), http=("127.0.0.1",), timeout_seconds=60)
"""Prism reads what Discord's messages may hold for seconds, at the first one."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    specs = [part(spec, paths) for name, paths in PATHS.items() if (spec := description(name))]
    specs = [part(silent(spec), {WEBHOOK}) if WEBHOOK in spec["paths"] else spec for spec in specs]
    with prism(specs, tmp_path_factory.mktemp("prism")) as port:
        yield f"http://127.0.0.1:{port}"


@dataclass
class Judged:
    """The real way to a target. `added`: a header that a description asks for though the vendor does not any more;
    `base`: a part of paths that a description has among its servers, which Prism does not look at.
    """

    real: Attempt
    added: Mapping[str, str]
    memory: Mapping[str, str]
    base: str = ""
    attempt: int = 1

    @property
    def now(self) -> Any:
        return self.real.now

    async def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
        url = url.replace(self.base, "", 1) if self.base else url
        reply = await self.real.send(method, url, headers={**(headers or {}), **self.added}, **more)
        assert "sl-violations" not in reply.headers, reply.headers["sl-violations"]
        return reply

    async def plan(self, *_: Any, **__: Any) -> str:
        raise AssertionError("not here")

    async def connect(self, host: str, port: int) -> Any:
        return await self.real.connect(host, port)

    def clean(self, text: str) -> str:
        return self.real.clean(text)


async def judged(
    reaction: Any, settings: Any, told: Notice, memory: Mapping[str, str] | None = None, base: str = ""
) -> Any:
    added = {"token": "xoxb"} if reaction.name == "slack" else {}
    async with leaving(PATIENT) as egress:
        return await reaction.deliver(Judged(egress.attempt(NOW), added, memory or {}, base), settings, told)


async def sent(url: str, body: Any) -> Reply:
    async with leaving(PATIENT) as egress:
        return await egress.attempt(NOW).send("POST", url, json=body, headers=LOGIN)


@pytest.mark.needs("slack.com.json")
@told_of_each
async def test_slack_takes_the_form_of_each_message(url: str, told: Notice) -> None:
    settings = slack.SlackSettings(token=Secret("xoxb"), channel="C1", api=url)
    receipt = await judged(slack.reaction, settings, told, {"channel": "C1", "ts": "1405895017.000506"})
    assert receipt.answer.startswith("posted")


@pytest.mark.needs("slack.com.json")
async def test_slacks_description_is_not_content_with_just_anything(url: str) -> None:
    with pytest.raises(DeliveryError, match="415"):
        await sent(f"{url}/chat.postMessage", {"text": "no form"})


@pytest.mark.needs("discord/openapi.json")
@told_of_each
async def test_discord_takes_each_message(url: str, told: Notice) -> None:
    settings = discord.DiscordSettings(webhook=Secret(f"{url}/webhooks/123456789012345678/token"))
    assert await judged(discord.reaction, settings, told)


@pytest.mark.needs("discord/openapi.json")
@pytest.mark.parametrize("wrong", [{"content": "x" * 2001}, {"embeds": [{"title": "x" * 257}]}, {"embeds": [{}] * 11}])
async def test_discords_description_is_not_content_with_just_anything(url: str, wrong: Any) -> None:
    with pytest.raises(DeliveryError, match="422"):
        await sent(f"{url}/webhooks/123456789012345678/token", wrong)


@pytest.mark.needs("pagerduty/events-v2.json")
@told_of_each
async def test_pagerduty_takes_each_event(url: str, told: Notice) -> None:
    settings = pagerduty.PagerDutySettings(routing_key=Secret("samplekeyhere"), url=url)
    receipt = await judged(pagerduty.reaction, settings, told, base="/v2")
    assert "Event processed" in receipt.answer


@pytest.mark.needs("pagerduty/events-v2.json")
async def test_pagerdutys_description_is_not_content_with_just_anything(url: str) -> None:
    settings = pagerduty.PagerDutySettings(routing_key=Secret("k"))
    body = pagerduty.event(settings, notice(), "trigger") | {"routing_key": "k"}
    assert (await sent(f"{url}/enqueue", body)).status == 202
    body["payload"]["severity"] = "bad"
    with pytest.raises(DeliveryError, match="400"):
        await sent(f"{url}/enqueue", body)


@pytest.mark.needs("jira.json")
@told_of_each
async def test_jira_takes_each_issue_and_comment(url: str, told: Notice) -> None:
    settings = jira.JiraSettings(url=url, project="OPS", token=Secret("t"))
    place = f"{url}{ISSUE}"
    for place_of, body in (
        (place, jira.issue(settings, told)),
        (f"{place}/OPS-1/comment", {"body": jira.text(settings, told)}),
        (f"{place}/OPS-1/transitions", {"transition": {"id": "31"}}),
    ):
        assert "sl-violations" not in (await sent(place_of, body)).headers
