"""WireMock as Slack, Discord, Teams, PagerDuty and a webhook: it fails as told, and its journal is the judge."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from reactions import discord, pagerduty, slack, teams, webhook
from syncd.errors import Retry
from syncd.notice import Notice
from syncd.plugin import Receipt, Secret
from tests.egress.servers import LOOPBACK, NOW, leaving
from tests.fakes.notices import notice
from tests.receivers.servers import Wiremock, wiremock

pytestmark = pytest.mark.needs("wiremock")

BUSY = {"status": 429, "headers": {"Retry-After": "7"}}
RESET = {"fault": "CONNECTION_RESET_BY_PEER"}


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiremock]:
    with wiremock(tmp_path_factory.mktemp("wiremock")) as up:
        yield up


async def deliver(reaction: Any, settings: Any, told: Notice, memory: Mapping[str, str] | None = None) -> Receipt:
    async with leaving(LOOPBACK) as egress:
        receipt: Receipt = await reaction.deliver(egress.attempt(NOW, 1, memory or {}), settings, told)
    return receipt


async def put_off(reaction: Any, settings: Any, told: Notice) -> float | None:
    """After how long the target is to be asked again."""
    with pytest.raises(Retry) as caught:
        await deliver(reaction, settings, told)
    return caught.value.after


def forms(mock: Wiremock, path: str) -> list[dict[str, str]]:
    return [{key: values[0] for key, values in parse_qs(seen["body"]).items()} for seen in mock.journal(path)]


async def test_slack_hears_begin_and_end_in_one_thread_though_it_is_busy_at_first(mock: Wiremock) -> None:
    posted = {"status": 200, "jsonBody": {"ok": True, "channel": "C1", "ts": "1.2"}}
    limited = {"status": 200, "jsonBody": {"ok": False, "error": "ratelimited"}}
    mock.plays("/api/chat.postMessage", BUSY, limited, posted)
    mock.plays("/api/chat.update", posted)
    settings = slack.SlackSettings(token=Secret("xoxb"), channel="C1", api=mock.url("/api"))
    assert [await put_off(slack.reaction, settings, notice()) for _ in range(2)] == [7, None]
    begun = await deliver(slack.reaction, settings, notice())
    ended = await deliver(slack.reaction, settings, notice(state="resolved"), begun.memory)
    first, second, third, reply = forms(mock, "/api/chat.postMessage")
    assert first == second == third
    assert [form["ts"] for form in forms(mock, "/api/chat.update")] == ["1.2"]
    assert (reply["thread_ts"], ended.memory) == ("1.2", {})


async def test_a_webhook_of_slack_is_posted_to_again_after_a_reset(mock: Wiremock) -> None:
    mock.plays("/services/T/B/x", RESET, {"status": 200, "body": "ok"})
    settings = slack.SlackSettings(webhook=Secret(mock.url("/services/T/B/x")))
    assert await put_off(slack.reaction, settings, notice()) is None
    await deliver(slack.reaction, settings, notice())
    first, second = (json.loads(seen["body"]) for seen in mock.journal("/services/T/B/x"))
    assert first == second


async def test_discord_is_asked_again_when_it_says(mock: Wiremock) -> None:
    busy = {**BUSY, "jsonBody": {"message": "You are being rate limited.", "retry_after": 6.457, "global": False}}
    mock.plays("/api/webhooks/1/x", busy, {"status": 200, "jsonBody": {"id": "1"}})
    settings = discord.DiscordSettings(webhook=Secret(mock.url("/api/webhooks/1/x")))
    assert await put_off(discord.reaction, settings, notice()) == 7
    await deliver(discord.reaction, settings, notice())
    first, second = mock.journal("/api/webhooks/1/x")
    assert first["body"] == second["body"]
    assert "wait=true" in second["url"]


async def test_a_workflow_of_teams_answers_without_a_word(mock: Wiremock) -> None:
    mock.plays("/workflows/1", {"status": 202})
    await deliver(teams.reaction, teams.TeamsSettings(webhook=Secret(mock.url("/workflows/1"))), notice())
    assert json.loads(mock.journal("/workflows/1")[0]["body"])["attachments"][0]["content"]["type"] == "AdaptiveCard"


async def test_pagerduty_counts_one_incident_whatever_is_lost_on_the_way(mock: Wiremock) -> None:
    taken = {"status": 202, "jsonBody": {"status": "success", "message": "Event processed", "dedup_key": "x"}}
    mock.plays("/v2/enqueue", RESET, BUSY, taken)
    settings = pagerduty.PagerDutySettings(routing_key=Secret("key"), url=mock.url())
    assert [await put_off(pagerduty.reaction, settings, notice()) for _ in range(2)] == [None, 7]
    await deliver(pagerduty.reaction, settings, notice())
    await deliver(pagerduty.reaction, settings, notice(state="resolved"))
    events = [json.loads(seen["body"]) for seen in mock.journal("/v2/enqueue")]
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for event in events} == {notice().incident}


async def test_a_receiver_of_webhooks_can_tell_a_second_attempt_by_its_id(mock: Wiremock) -> None:
    mock.plays("/hook", RESET, BUSY, {"status": 204})
    settings = webhook.WebhookSettings(url=Secret(mock.url("/hook")), secrets=(Secret("whsec_" + "c2VjcmV0" * 5),))
    assert [await put_off(webhook.reaction, settings, notice()) for _ in range(2)] == [None, 7]
    await deliver(webhook.reaction, settings, notice())
    seen = mock.journal("/hook")
    assert len({each["headers"]["webhook-id"] for each in seen}) == 1
    assert len({each["body"] for each in seen}) == 1
    assert len(seen) == 3
