"""Notices as the outbox makes them, with plain and with hostile names, and a context that plays a target."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from hypothesis import strategies as st

from syncd.errors import DeliveryError
from syncd.model import Act
from syncd.notice import BEGIN, CEASE, FIRING, NEWS, RESOLVED, SEVERITIES, TEST, Item, Notice
from syncd.plugin import Reply, Secret

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = "2026-11-20T11:59:00Z"
LINK = "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#VolumeDetails:volumeId=vol-1"

HOSTILE = {
    "slack's mentions": "<!channel> <@U012345> <#C0123> &lt;!here&gt;",
    "discord's mentions": "@everyone @here <@123456789012345678> <@&1> <#2> <t:1>",
    "teams' mentions": "<at>everyone</at>",
    "jira's mentions": "[~admin] {noformat} {panel} !https://example.com/x.png! {noformat}",
    "markdown": "**bold** _it_ ~~no~~ `code` [text](https://evil.example) # head\n> quote ```\nblock\n``` ||spoiler||",
    "lists": "- one\n* two\n1. three",
    "html": "<script>alert(1)</script><img src=x>",
    "control characters": "a\x00b\x07c\x1b[31md\x7fe\u0085f",
    "marks of direction": "invoice\u202efdp.exe\u2066 \u200f\u061c\u200b\ufeff",
    "lines": "one\r\ntwo\u2028three\u2029four\vfive",
    "10,000 characters": "x" * 10_000,
    "10,000 characters of markup": "*" * 10_000,
    "wide characters": "🦊" * 5_000,
    "broken characters": "a\ud800b\udfffc",
    "nothing": "",
    "only what is not seen": "\u200b\x00",
}


def item(name: str = "data", change: Any = BEGIN, **more: Any) -> Item:
    resource = {"kind": "aws_ec2_volume", "id": "vol-1", "name": name, "urn": "urn:aws:vol-1", "cloud": "aws"}
    resource |= {"account": "111122223333", "account_name": "prod", "region": "eu-west-1", "link": LINK}
    resource |= {"tags": {"owner": "ann"}} | more
    return Item(7, AT, "rule.matched" if change == BEGIN else "rule.cleared", change, resource)


def notice(name: str = "data", state: Any = FIRING, **more: Any) -> Notice:
    """One volume that begins, or ceases, to match."""
    change = CEASE if state == RESOLVED else BEGIN
    given: dict[str, Any] = {
        "id": "msg_1",
        "at": AT,
        "rule": "open-volumes",
        "severity": "error",
        "incident": "0f" * 16,
    }
    given |= {"items": (item(name, change),), "total": 1, "firing": int(state == FIRING), "title": f"{name} is open"}
    given |= {"text": f"{name} can be read by everybody", "labels": {"team": "storage"}, "search": "is(aws_ec2_volume)"}
    return Notice(state=state, **(given | more))


def hostile(name: str, state: Any = FIRING) -> Notice:
    """The name wherever somebody else could have put it."""
    each = replace(item(name, id=name, region=name, account_name=name, tags={name: name, "owner": name}), reason=name)
    more = {"description": name, "labels": {"team": name}, "group": {"tags.owner": name}}
    return notice(name, state, items=(each,) * 40, total=50_000, **more)


notices = st.builds(
    lambda name, state, severity, items, total: replace(
        hostile(name, state), severity=severity, items=hostile(name).items[:items], total=total
    ),
    st.text(max_size=300) | st.sampled_from(sorted(HOSTILE.values())),
    st.sampled_from([FIRING, RESOLVED, NEWS, TEST]),
    st.sampled_from(SEVERITIES),
    st.integers(0, 40),
    st.integers(0, 100_000),
)


@dataclass(frozen=True)
class Sent:
    method: str
    url: str
    headers: Mapping[str, str]
    json: Any
    form: Mapping[str, str]


@dataclass
class Target:
    """A context whose target answers as told, one answer a request; the last one again and again."""

    answers: list[Mapping[str, Any] | DeliveryError] = field(default_factory=lambda: [{}])
    memory: Mapping[str, str] = field(default_factory=dict)
    now: datetime = NOW
    attempt: int = 1
    sent: list[Sent] = field(default_factory=list)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json: Any = None,
        secrets: Iterable[Secret] = (),
        tls: Any = None,
        accept: Any = (),
    ) -> Reply:
        form = dict(parse_qsl((body or b"").decode(), keep_blank_values=True))
        self.sent.append(Sent(method, url, headers or {}, orjson.loads(orjson.dumps(json)), form))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, DeliveryError):
            raise found
        return Reply(200, {}, orjson.dumps(found))

    def clean(self, text: str) -> str:
        return text

    async def plan(self, act: Act, urns: Sequence[str], notice: Notice, *, at_once: bool = False) -> str:
        raise AssertionError("not here")

    async def connect(self, host: str, port: int) -> Any:
        raise AssertionError(f"nothing here speaks to {host}:{port} but HTTP")
