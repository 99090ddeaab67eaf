"""Every registered handler, and how its settings lead to a server on loopback."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from syncd.config_text import converted
from syncd.plugin import Reaction, Secret
from tests.conftest import ROOT

CANARY = "c4narY0c4narY1c4narY2"
SIGNING = "whsec_" + "c4narY" * 8

OTHERWISE = frozenset({"apprise", "email", "exec"})
"""Handlers that do not speak HTTP by the host's session: tests/reactions/test_….py hold what they promise."""

PLANNING = frozenset({"tag", "untag"})
"""Handlers that send nothing anywhere, but have the host make plans: tests/reactions/test_planning.py."""

ANSWER: Mapping[str, Any] = {
    "ok": True,
    "ts": "1700000000.000100",
    "channel": "C0123456789",
    "status": "success",
    "message": "Event processed",
    "result": "Request will be processed",
    "requestId": "1",
    "issues": [],
    "key": "OPS-1",
    "id": "10001",
    "transitions": [{"id": "31", "name": "Done", "to": {"name": "Done"}}],
}
"""What each of the receivers says when all is well, all in one."""


@dataclass(frozen=True)
class Point:
    """`table` makes the target's table from the server's URL. `rejects`, `retries`: where not as Context.send says."""

    handler: str
    way: str
    table: Callable[[str], dict[str, Any]]
    rejects: frozenset[int] = frozenset()
    retries: frozenset[int] = frozenset()
    volatile: frozenset[str] = frozenset()
    """Headers, and keys of the body, that say when an attempt was made."""

    @property
    def reaction(self) -> Reaction:
        return handlers()[self.handler]

    def settings(self, url: str) -> Any:
        settings, wrong = converted(self.table(url), self.reaction.settings)
        assert not wrong, wrong
        return settings


_POINTS = (
    Point(
        "webhook",
        "",
        lambda url: {"url": f"{url}/{CANARY}?key={CANARY}", "secrets": [SIGNING], "headers": {"X-Api-Key": CANARY}},
        volatile=frozenset({"webhook-timestamp", "webhook-signature"}),
    ),
    Point(
        "webhook",
        "each item",
        lambda url: {"url": f"{url}/{CANARY}", "secrets": [SIGNING], "items": "each", "compression": "gzip"},
        volatile=frozenset({"webhook-timestamp", "webhook-signature"}),
    ),
    Point(
        "http",
        "",
        lambda url: {
            "url": url + "/{{ secrets.token }}/{{ notice.rule }}",
            "headers": {"Authorization": "Bearer {{ secrets.token }}", "X-Title": "{{ notice.title }}"},
            "body": '{"title": {{ notice.title | tojson }}, "token": {{ secrets.token | tojson }}}',
            "secrets": {"token": CANARY},
        },
    ),
    Point("http", "by PUT", lambda url: {"url": f"{url}/{CANARY}", "method": "PUT"}),
    Point("slack", "by webhook", lambda url: {"webhook": f"{url}/services/T0001/B0001/{CANARY}"}),
    Point("slack", "by a bot", lambda url: {"token": CANARY, "channel": "C0123456789", "api": url}),
    Point("discord", "", lambda url: {"webhook": f"{url}/api/webhooks/1/{CANARY}"}),
    Point("teams", "", lambda url: {"webhook": f"{url}/workflows/{CANARY}?sig={CANARY}"}),
    Point("pagerduty", "", lambda url: {"routing_key": CANARY, "url": url}),
    Point("opsgenie", "", lambda url: {"api_key": CANARY, "url": url}),
    Point(
        "alertmanager",
        "",
        lambda url: {"urls": [url], "username": "syncd", "password": CANARY},
        volatile=frozenset({"startsAt", "endsAt"}),
    ),
    Point("jira", "", lambda url: {"url": url, "project": "OPS", "token": CANARY, "user": "ann@example.com"}),
)


@cache
def handlers() -> dict[str, Reaction]:
    """By name, as pyproject.toml registers them: what is installed may be another version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["syncd.reactions"].items()
    return {name: getattr(import_module(place.partition(":")[0]), place.partition(":")[2]) for name, place in points}


def points() -> list[Point]:
    return [point for point in _POINTS if point.handler in handlers()]


def secrets_in(value: Any) -> list[Secret]:
    """All of a target, as the outbox hands them to each attempt."""
    if isinstance(value, Secret):
        return [value]
    fields = getattr(value, "__struct_fields__", ())
    inner = [getattr(value, name) for name in fields]
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list | tuple):
        inner = list(value)
    return [secret for each in inner for secret in secrets_in(each)]
