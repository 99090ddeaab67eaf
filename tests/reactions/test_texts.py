"""What people read: within each receiver's limits, and nothing in it that a receiver would act upon."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactions import alertmanager, discord, jira, opsgenie, pagerduty, slack, teams, texts
from syncd.notice import SEVERITIES, Notice
from syncd.plugin import Secret
from tests.fakes.notices import HOSTILE, LINK, NOW, hostile, item, notice, notices

KEY = Secret("key")
CLOUD = jira.JiraSettings(url="https://jira.example", project="OPS", token=KEY)
DATACENTER = jira.JiraSettings(url="https://jira.example", project="OPS", token=KEY, product="datacenter")
ALERTS = alertmanager.AlertmanagerSettings(urls=("http://am:9093",), tags=("owner",))

RENDERED: Mapping[str, Callable[[Notice], Any]] = {
    "slack": slack.message,
    "discord": discord.message,
    "teams": teams.message,
    "pagerduty": lambda told: pagerduty.event(pagerduty.PagerDutySettings(routing_key=KEY), told, "trigger"),
    "opsgenie": lambda told: opsgenie.alert(opsgenie.OpsgenieSettings(api_key=KEY), told),
    "alertmanager": lambda told: alertmanager.alerts(ALERTS, told, NOW),
    "jira": lambda told: jira.issue(CLOUD, told),
    "jira datacenter": lambda told: jira.issue(DATACENTER, told),
}


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield from (key, *strings(each))
        case list() | tuple():
            for each in value:
                yield from strings(each)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(each)


def hidden(text: str) -> set[str]:
    return {char for char in set(text) if unicodedata.category(char)[0] == "C"}


@settings(max_examples=150)
@given(st.text(), st.integers(0, 60), st.dictionaries(st.characters(), st.text(max_size=6), max_size=3), st.booleans())
def test_a_text_that_is_fitted_is_within_its_limit(text: str, limit: int, escapes: dict[str, str], lines: bool) -> None:
    fitted = texts.fit(text, limit, escapes, lines=lines)
    assert texts.size(fitted) <= limit
    whole = "".join(escapes.get(char, char) for char in texts.plain(text, lines=lines))
    assert fitted == whole or not limit or (fitted.endswith("…") and whole.startswith(fitted[:-1]))


def test_a_text_is_cut_between_what_is_escaped() -> None:
    assert texts.fit("a***", 6, {"*": "\\*"}) == "a\\*\\*…"


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_seen_is_taken_out(name: str) -> None:
    for lines in (False, True):
        shown = texts.plain(HOSTILE[name], lines=lines)
        assert not [
            char for char in set(shown) if unicodedata.category(char)[0] == "C" and not (lines and char == "\n")
        ]


def test_what_people_write_in_any_language_stays() -> None:
    assert texts.plain("Zürich 東京 مرحبا שלום 🦊 – “so”") == "Zürich 東京 مرحبا שלום 🦊 – “so”"


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "https://x y", "https://x/\u202e", "https://x|y", "https://x>", 'https://x"', None, 7],
)
def test_only_an_address_becomes_a_link(link: Any) -> None:
    assert texts.link(item(link=link)) == ""
    assert texts.link(item()) == LINK


def test_how_many_are_not_shown_is_said() -> None:
    assert texts.more(notice(total=50_000), 20) == "and 49,980 more"
    assert texts.more(notice(total=1), 1) == ""


def test_each_severity_has_its_colour_and_the_end_another() -> None:
    colours = {texts.colour(notice(severity=severity)) for severity in SEVERITIES}
    assert len(colours | {texts.colour(notice(state="resolved"))}) == len(SEVERITIES) + 1


def slack_limits(body: Any) -> None:
    blocks = body["blocks"]
    assert len(blocks) <= 50
    assert len(blocks[0]["text"]["text"]) <= 150
    assert len(orjson.dumps(blocks).decode()) <= 12_000
    for block in (block for block in blocks if block["type"] == "section"):
        assert 0 < len(block.get("text", {}).get("text", "x")) <= 3_000
        assert len(block.get("fields", [])) <= 10
        assert all(0 < len(each["text"]) <= 2_000 for each in block.get("fields", []))
    assert 0 < len(body["text"]) <= 4_000


def discord_limits(body: Any) -> None:
    embeds = body["embeds"]
    assert 0 < len(body["content"]) <= 2_000
    assert len(embeds) <= 10
    fields = [each for embed in embeds for each in embed["fields"]]
    assert all(len(embed["fields"]) <= 25 and texts.size(embed.get("description", "")) <= 4_096 for embed in embeds)
    assert all(0 < texts.size(each["name"]) <= 256 and 0 < texts.size(each["value"]) <= 1_024 for each in fields)
    counted = ("description", "title", "name", "value", "text")
    assert sum(texts.size(each[key]) for each in objects(embeds) for key in counted if key in each) <= 6_000


def teams_limits(body: Any) -> None:
    assert len(orjson.dumps(body)) <= 28 * 1024
    assert all(each["text"] for each in objects(body) if each.get("type") == "TextRun")


def pagerduty_limits(body: Any) -> None:
    assert len(orjson.dumps(body)) <= 512_000
    payload = body["payload"]
    assert 0 < len(payload["summary"]) <= 1_024
    assert len(payload["source"]) > 0
    assert len(body["dedup_key"]) <= 255
    assert payload["severity"] in SEVERITIES


def opsgenie_limits(body: Any) -> None:
    assert 0 < len(body["message"]) <= 130
    assert len(body["description"]) <= 15_000
    assert len(body["tags"]) <= 20
    assert all(0 < len(tag) <= 50 and "," not in tag for tag in body["tags"])
    assert sum(map(len, strings(body["details"]))) <= 8_000
    assert len(body.get("entity", "")) <= 512


def alertmanager_limits(body: Any) -> None:
    for alert in body:
        assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", key) for key in [*alert["labels"], *alert["annotations"]])
        assert all(alert["labels"].values())
        assert alert["labels"]["alertname"] == "open-volumes"
        assert len(orjson.dumps(alert)) < 60_000


def jira_limits(body: Any) -> None:
    fields = body["fields"]
    assert 0 < len(fields["summary"]) <= 255
    assert "\n" not in fields["summary"]
    texts_of = [each["text"] for each in objects(fields["description"]) if each.get("type") == "text"]
    assert all(texts_of)
    assert sum(map(len, texts_of)) <= 32_767


LIMITS: Mapping[str, Callable[[Any], None]] = {
    "slack": slack_limits,
    "discord": discord_limits,
    "teams": teams_limits,
    "pagerduty": pagerduty_limits,
    "opsgenie": opsgenie_limits,
    "alertmanager": alertmanager_limits,
    "jira": jira_limits,
    "jira datacenter": lambda body: None if len(body["fields"]["description"]) <= 32_767 else pytest.fail("too long"),
}


@pytest.mark.parametrize("name", RENDERED)
@settings(max_examples=30)
@given(told=notices)
def test_whatever_a_notice_holds_the_limits_of_its_receiver_hold(name: str, told: Notice) -> None:
    body = RENDERED[name](told)
    orjson.dumps(body)
    LIMITS[name](body)


def slack_is_quiet(body: Any) -> None:
    kinds = {each["type"] for each in objects(body) if "type" in each}
    assert kinds <= {
        "header",
        "section",
        "context",
        "plain_text",
        "rich_text",
        "rich_text_list",
        "rich_text_section",
        "text",
        "link",
    }
    parsed = [body["text"], *(each["text"] for each in objects(body) if each.get("type") == "plain_text")]
    assert not [text for text in parsed if re.search("[<>]|&(?!amp;|lt;|gt;)", text)]
    assert not [each for each in objects(body) if each.get("emoji")]


def discord_is_quiet(body: Any) -> None:
    assert body["allowed_mentions"] == {"parse": []}
    embeds = [text for embed in body["embeds"] for text in (embed.get("description", ""), *strings(embed["fields"]))]
    for text in (body["content"], *embeds):
        ours = re.sub(re.escape(f"]({LINK})") + "$", "", text)
        bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", ours.removeprefix("[") if ours != text else text)
        assert not re.search(r"[\\*_~`|<>@\[\]()#:]", bare), text


def teams_is_quiet(body: Any) -> None:
    kinds = {each["type"] for each in objects(body) if "type" in each}
    assert kinds <= {"message", "AdaptiveCard", "Container", "RichTextBlock", "TextRun", "Action.OpenUrl"}
    assert not [each for each in objects(body) if "entities" in each]


def jira_is_quiet(body: Any) -> None:
    kinds = {each["type"] for each in objects(body["fields"]["description"]) if "type" in each}
    assert kinds <= {"doc", "paragraph", "bulletList", "listItem", "text", "link"}
    assert {each["attrs"]["href"] for each in objects(body) if each.get("type") == "link"} <= {LINK}


def datacenter_is_quiet(body: Any) -> None:
    text = body["fields"]["description"]
    assert text.lower().count("{noformat") == 2
    assert text.startswith("{noformat}\n")
    assert text.endswith("\n{noformat}")


QUIET = {
    "slack": slack_is_quiet,
    "discord": discord_is_quiet,
    "teams": teams_is_quiet,
    "jira": jira_is_quiet,
    "jira datacenter": datacenter_is_quiet,
}


@pytest.mark.parametrize("receiver", QUIET)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_mentions_nobody_and_formats_nothing(receiver: str, name: str) -> None:
    QUIET[receiver](RENDERED[receiver](hostile(HOSTILE[name])))


@pytest.mark.parametrize("receiver", RENDERED)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_hides_nothing(receiver: str, name: str) -> None:
    for text in strings(RENDERED[receiver](hostile(HOSTILE[name]))):
        assert not hidden(text) - {"\n"}


@pytest.mark.parametrize("receiver", [name for name in RENDERED if name != "alertmanager"])
def test_each_receiver_is_told_what_it_is_about(receiver: str) -> None:
    said = "\n".join(strings(RENDERED[receiver](notice(total=50_000)))).replace("\\", "")
    for word in ("data is open", "data can be read by everybody", "open-volumes", "prod", "and 49,999 more"):
        assert word in said
