"""What the reactions that keep something at their target say to it, begin to end, and what they make of its answers."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from reactions import alertmanager, discord, jira, opsgenie, pagerduty, slack, teams
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Secret
from tests.fakes.notices import AT, NOW, Target, hostile, item, notice

TOKEN = Secret("xoxb-canary")
BOT = slack.SlackSettings(token=TOKEN, channel="C1")
FIRST = {"channel": "C1", "ts": "1.2"}
POSTED = {"ok": True, "channel": "C1", "ts": "1.2"}


def methods(target: Target) -> list[str]:
    return [sent.url.rpartition("/")[2] for sent in target.sent]


async def test_a_message_of_slack_is_remembered() -> None:
    target = Target([POSTED])
    receipt = await slack.reaction.deliver(target, BOT, notice())
    assert receipt.memory == FIRST
    assert methods(target) == ["chat.postMessage"]
    assert target.sent[0].headers["Authorization"] == "Bearer xoxb-canary"
    said = target.sent[0].form
    assert (said["channel"], said["parse"], said["link_names"], said["mrkdwn"]) == ("C1", "none", "false", "false")


async def test_a_new_offender_is_told_in_the_thread_and_to_the_channel() -> None:
    target = Target([{**POSTED, "ts": "3.4"}], memory=FIRST)
    receipt = await slack.reaction.deliver(target, BOT, notice())
    assert receipt.memory == FIRST
    assert (target.sent[0].form["thread_ts"], target.sent[0].form["reply_broadcast"]) == ("1.2", "true")


@pytest.mark.parametrize(
    ("resolve", "expected"),
    [("both", ["chat.update", "chat.postMessage"]), ("update", ["chat.update"]), ("thread", ["chat.postMessage"])],
)
async def test_the_end_changes_or_answers_the_first_message(resolve: Any, expected: list[str]) -> None:
    target = Target([POSTED], memory=FIRST)
    receipt = await slack.reaction.deliver(target, structs.replace(BOT, resolve=resolve), notice(state="resolved"))
    assert (methods(target), receipt.memory) == (expected, {})
    assert all({"1.2"} & set(sent.form.values()) for sent in target.sent)


async def test_a_first_message_that_was_deleted_is_not_waited_for() -> None:
    target = Target([{"ok": False, "error": "message_not_found"}, POSTED], memory=FIRST)
    await slack.reaction.deliver(target, BOT, notice(state="resolved"))
    assert methods(target) == ["chat.update", "chat.postMessage"]
    assert "thread_ts" not in target.sent[1].form


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("ratelimited", Retry),
        ("internal_error", Retry),
        ("invalid_auth", Retry),
        ("channel_not_found", Retry),
        ("not_in_channel", Retry),
        ("something_new", Retry),
        ("invalid_blocks", Rejected),
        ("msg_too_long", Rejected),
    ],
)
async def test_what_slack_refuses_in_a_good_answer_is_no_delivery(error: str, expected: type[DeliveryError]) -> None:
    with pytest.raises(expected, match=f"chat.postMessage: {error}"):
        await slack.reaction.deliver(Target([{"ok": False, "error": error}]), BOT, notice())


async def test_an_incoming_webhook_says_the_end_anew() -> None:
    target = Target(memory=FIRST)
    hook = slack.SlackSettings(webhook=Secret("https://hooks.slack.com/services/T/B/x"))
    receipt = await slack.reaction.deliver(target, hook, notice(state="resolved"))
    assert receipt.memory == {}
    assert "RESOLVED" in target.sent[0].json["text"]


@pytest.mark.parametrize(
    "given", [{}, {"token": TOKEN}, {"channel": "C1"}, {"webhook": TOKEN, "token": TOKEN, "channel": "C1"}]
)
def test_slack_is_a_webhook_or_a_bot_and_not_half_of_it(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either webhook, or token and channel"):
        slack.SlackSettings(**given)


async def test_discord_is_asked_to_answer_when_the_message_is_stored() -> None:
    target = Target()
    settings = discord.DiscordSettings(webhook=Secret("https://discord.com/api/webhooks/1/x"), thread_id="5")
    await discord.reaction.deliver(target, settings, notice())
    assert target.sent[0].url == "https://discord.com/api/webhooks/1/x?wait=true&thread_id=5"


def test_items_fill_several_embeds_and_what_has_no_room_is_counted() -> None:
    items = tuple(item(f"v{number}", link="") for number in range(50))
    embeds = discord.embeds(notice(items=items, total=50_000))
    shown = sum(len(embed["fields"]) for embed in embeds) - 4
    assert [len(embed["fields"]) for embed in embeds[:-1]] == [25] * (len(embeds) - 1)
    assert embeds[-1]["footer"]["text"] == f"and {50_000 - shown:,} more"
    assert len(embeds) > 1


def test_a_card_that_would_be_too_large_names_fewer_items() -> None:
    body = teams.message(hostile("🦊" * 300))
    assert "and 49,9" in str(body)


async def test_pagerduty_is_told_begin_and_end_of_one_incident() -> None:
    target = Target([{"status": "success", "message": "Event processed", "dedup_key": "x"}])
    settings = pagerduty.PagerDutySettings(routing_key=Secret("key"), region="eu", severities={"error": "critical"})
    for state in ("firing", "resolved"):
        await pagerduty.reaction.deliver(target, settings, notice(state=state))
    begin, end = (sent.json for sent in target.sent)
    assert {sent.url for sent in target.sent} == {"https://events.eu.pagerduty.com/v2/enqueue"}
    assert (begin["event_action"], begin["payload"]["severity"]) == ("trigger", "critical")
    assert end == {"event_action": "resolve", "dedup_key": begin["dedup_key"], "routing_key": "key"}
    assert begin["dedup_key"] == notice().incident


@pytest.mark.parametrize("reaction", [pagerduty, opsgenie, alertmanager, jira])
def test_incidents_that_somebody_is_called_for_are_of_one_resource(reaction: Any) -> None:
    assert reaction.reaction.apart or reaction.reaction.every_item


async def test_a_test_of_pagerduty_leaves_nothing_open() -> None:
    target = Target([{"status": "success"}])
    settings = pagerduty.PagerDutySettings(routing_key=Secret("key"), url="https://relay.example")
    await pagerduty.reaction.deliver(target, settings, notice(state="test"))
    assert [sent.json["event_action"] for sent in target.sent] == ["trigger", "resolve"]
    assert target.sent[0].url == "https://relay.example/v2/enqueue"


async def test_a_good_status_without_pagerdutys_word_is_no_delivery() -> None:
    with pytest.raises(Retry, match="invalid event"):
        await pagerduty.reaction.deliver(
            Target([{"status": "invalid event"}]), pagerduty.PagerDutySettings(routing_key=TOKEN), notice()
        )


async def test_an_alert_of_opsgenie_is_closed_by_its_alias() -> None:
    target = Target([{"requestId": "r1"}])
    settings = opsgenie.OpsgenieSettings(api_key=Secret("key"), region="eu", teams=("ops",), priorities={"error": "P1"})
    for state in ("firing", "resolved"):
        await opsgenie.reaction.deliver(target, settings, notice(state=state))
    made, closed = target.sent
    assert made.url == "https://api.eu.opsgenie.com/v2/alerts"
    assert made.json["responders"] == [{"type": "team", "name": "ops"}]
    assert (made.json["alias"], made.json["priority"]) == (notice().incident, "P1")
    assert closed.url == f"{made.url}/{notice().incident}/close?identifierType=alias"
    assert made.headers["Authorization"] == "GenieKey key"


ALERTS = alertmanager.AlertmanagerSettings(urls=("http://a:1", "http://b:1"), tags=("owner",), labels={"site": "x"})


def test_an_alert_outlives_three_missed_tellings_and_ends_at_once_when_it_ceases() -> None:
    begun, ceased = (alertmanager.alerts(ALERTS, notice(state=state), NOW)[0] for state in ("firing", "resolved"))
    assert begun["endsAt"] == (NOW + timedelta(seconds=480)).isoformat(timespec="milliseconds")
    assert begun["startsAt"] == AT
    assert ceased["endsAt"] == NOW.isoformat(timespec="milliseconds")
    assert begun["labels"] == ceased["labels"]
    assert begun["labels"]["tag_owner"] == "ann"


def test_a_renamed_resource_is_the_same_alert() -> None:
    one, other = (alertmanager.alerts(ALERTS, notice(name), NOW)[0] for name in ("old", "new"))
    assert one["labels"] == other["labels"]
    assert other["annotations"]["name"] == "new"


def test_nobodys_label_passes_an_alert_off_as_another_rules() -> None:
    told = notice(labels={"alertname": "other", "urn": "x", "sev-erity": "y", "1st": "z"})
    labels = alertmanager.alerts(ALERTS, told, NOW)[0]["labels"]
    assert (labels["alertname"], labels["urn"]) == ("open-volumes", "urn:aws:vol-1")
    assert (labels["sev_erity"], labels["_1st"]) == ("y", "z")


async def test_one_alertmanager_of_a_cluster_is_enough() -> None:
    target = Target([Retry("a: connection refused"), {}])
    receipt = await alertmanager.reaction.deliver(target, ALERTS, notice())
    assert receipt.answer == "1 alerts taken by 1 of 2: a: connection refused"


@pytest.mark.parametrize(
    ("answers", "expected", "after"),
    [
        ([Rejected("400"), Retry("503", after=30)], Retry, 30),
        ([Retry("503", after=30), Retry("429", after=7)], Retry, 7),
        ([Retry("503"), Retry("503")], Retry, None),
        ([Rejected("400"), Rejected("400")], Rejected, None),
    ],
)
async def test_none_of_a_cluster_is_no_delivery(answers: Any, expected: type[DeliveryError], after: Any) -> None:
    with pytest.raises(expected) as caught:
        await alertmanager.reaction.deliver(Target(answers), ALERTS, notice())
    assert getattr(caught.value, "after", None) == after


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"token": Secret("t")}, {"Authorization": "Bearer t"}),
        ({"username": "u", "password": Secret("p")}, {"Authorization": "Basic dTpw"}),
        ({}, {}),
    ],
)
async def test_an_alertmanager_behind_a_gate_is_told_who_speaks(given: Any, expected: Any) -> None:
    target = Target()
    await alertmanager.reaction.deliver(target, structs.replace(ALERTS, **given), notice())
    assert target.sent[0].headers == expected


JIRA = jira.JiraSettings(url="https://jira.example", project="OPS", user="ann@example.com", token=Secret("t"))
OPEN = {"issues": [{"id": "10", "key": "OPS-1"}]}
STEPS = {"transitions": [{"id": "11", "name": "Start"}, {"id": "31", "name": "Finish", "to": {"name": "Done"}}]}


async def told(answers: list[Any], given: Notice, memory: Any = None, **settings: Any) -> tuple[Any, Target]:
    target = Target(answers, memory=memory or {})
    return await jira.reaction.deliver(target, structs.replace(JIRA, **settings), given), target


async def test_an_incident_without_an_open_issue_gets_one_with_its_label() -> None:
    receipt, target = await told([{"issues": []}, {"id": "10", "key": "OPS-1"}], notice(), priorities={"error": "High"})
    assert receipt.memory == {"id": "10", "key": "OPS-1"}
    search, made = target.sent
    assert f'labels = "syncd-{notice().incident}" AND statusCategory != Done' in search.json["jql"]
    assert f"syncd-{notice().incident}" in made.json["fields"]["labels"]
    assert made.json["fields"]["priority"] == {"name": "High"}
    assert made.headers["Authorization"] == "Basic YW5uQGV4YW1wbGUuY29tOnQ="


async def test_an_issue_that_nobody_remembers_is_found_and_no_second_one_made() -> None:
    receipt, target = await told([OPEN, {"id": "1"}], notice())
    assert receipt.answer == "commented on OPS-1"
    assert target.sent[1].url == "https://jira.example/rest/api/3/issue/OPS-1/comment"


async def test_an_issue_that_is_remembered_is_found_before_the_index_has_it() -> None:
    _, target = await told([OPEN, {"id": "1"}], notice(), {"id": "10", "key": "OPS-1"})
    assert target.sent[0].json["reconcileIssues"] == [10]


@pytest.mark.parametrize("name", ["Finish", "done"])
async def test_the_end_closes_the_issue_by_the_name_of_a_transition_or_of_its_status(name: str) -> None:
    receipt, target = await told([OPEN, STEPS, {"id": "1"}, {}], notice(state="resolved"), transition=name)
    assert (receipt.answer, receipt.memory) == ("closed OPS-1", {})
    assert target.sent[-1].json == {"transition": {"id": "31"}}


async def test_an_issue_that_cannot_be_closed_is_not_commented_on_at_each_attempt() -> None:
    target = Target([OPEN, STEPS])
    with pytest.raises(Retry, match="OPS-1 has no transition Closed; it has: Start, Finish, Done"):
        await jira.reaction.deliver(target, structs.replace(JIRA, transition="Closed"), notice(state="resolved"))
    assert [sent.method for sent in target.sent] == ["POST", "GET"]


async def test_an_end_without_an_open_issue_is_delivered() -> None:
    receipt, _ = await told([{"issues": []}], notice(state="resolved"))
    assert receipt.answer == "no issue is open"


async def test_a_test_of_jira_leaves_nothing_open() -> None:
    receipt, _ = await told([{"issues": []}, {"id": "10", "key": "OPS-9"}, STEPS, {}, {}], notice(state="test"))
    assert receipt.answer == "closed OPS-9"


async def test_a_data_center_is_spoken_to_in_its_own_words() -> None:
    _, target = await told([{"issues": []}, {"id": "1", "key": "OPS-1"}], notice(), product="datacenter", user="")
    assert [sent.url for sent in target.sent] == [
        f"https://jira.example/rest/api/2/{part}" for part in ("search", "issue")
    ]
    assert target.sent[1].json["fields"]["description"].startswith("{noformat}")
    assert target.sent[0].headers["Authorization"] == "Bearer t"
    assert "reconcileIssues" not in target.sent[0].json
