"""What people read: titles and lines, by the rule's templates, or in words that fit every rule. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from syncd.notice import BEGIN, CEASE, Item, Severity
from syncd.outbox.routing import ASKED
from syncd.outbox.sandbox import TemplateProblem, compiled, filled
from syncd.settings import RuleSettings

Row = Mapping[str, Any]

MOST_CHANGES = 20
LONGEST_VALUE = 500
"""Characters of a value that changed."""
LONGEST_TITLE = 250
LONGEST_LINE = 500
SHOWN = 3
"""Changes in a line."""


@dataclass(frozen=True, slots=True)
class Words:
    """Of one notice."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class About:
    """What templates of a notice may use: `{{ rule }}`, `{{ items[0].resource.name }}`, `{{ resource.name }}` …

    `summary`: how many groups were taken together, 0 for none; `total`: events, of which `items` are the first.
    """

    rule: str
    severity: Severity
    description: str
    search: str
    state: str
    labels: Mapping[str, str]
    group: Mapping[str, str]
    items: Sequence[Item]
    total: int
    began: int
    ceased: int
    firing: int
    summary: int = 0

    def values(self) -> dict[str, Any]:
        first = self.items[0] if self.items else None
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "labels": dict(self.labels),
            "group": dict(self.group),
            "items": [asdict(item) for item in self.items[:100]],
            "resource": dict(first.resource) if first else {},
            "item": asdict(first) if first else {},
        }


def words(rule: RuleSettings | None, about: About) -> Words:
    """A template that cannot be filled gives way to the usual words, and a line that says so."""
    problems: list[str] = []
    title = _filled("title", rule.title if rule else "", about, problems) or usual_title(about)
    text = _filled("text", rule.text if rule else "", about, problems)
    return Words(_line(title, LONGEST_TITLE), "\n".join(filter(None, [text, *problems])))


def _filled(name: str, source: str, about: About, problems: list[str]) -> str:
    if not source:
        return ""
    try:
        return filled(source, about.values()).strip()
    except TemplateProblem as error:
        problems.append(_line(f"(the template {name} of rule {about.rule} cannot be used: {error})", LONGEST_LINE))
        return ""


def problems_of(rule: RuleSettings) -> list[str]:
    """What is wrong with a rule's templates as they stand; values may still be missing when they are filled."""
    found = []
    for name in ("title", "text"):
        try:
            compiled(getattr(rule, name))
        except TemplateProblem as error:
            found.append(f"{name}: {error}")
    return found


def usual_title(about: About) -> str:
    if about.summary:
        return f"{about.rule}: {_counted(about)}, too many to be told one by one"
    if about.total == 1 and about.items:
        return f"{about.rule}: {about.items[0].text}"
    where = ", ".join(f"{name} {value}" for name, value in about.group.items() if name != "urn" and value)
    return f"{about.rule}: {_counted(about)}" + (f" ({where})" if where else "")


def _counted(about: About) -> str:
    parts = []
    if about.began:
        parts.append(f"{about.began:,} resource{'s' * (about.began > 1)} began to match")
    if about.ceased:
        parts.append(f"{about.ceased:,} ceased")
    if not parts:
        what = "resource" if about.items and about.items[0].type == ASKED else "event"
        parts.append(f"{about.total:,} {what}{'s' * (about.total != 1)}")
    if about.state == "firing" or (about.ceased and about.firing):
        parts.append(f"{about.firing:,} match now")
    return ", ".join(parts)


def item_of(event: Row, resource: Row, change: Any) -> Item:
    """One event in one line, with no more of what changed than people read."""
    body = event["body"]
    changes = tuple(_short(each) for each in body.get("changes", ())[:MOST_CHANGES])
    reason = str(body.get("reason") or "")[:LONGEST_LINE]
    text = _line(_sentence(event, resource, change, changes, reason), LONGEST_LINE)
    return Item(event["seq"], event["at"], event["type"], change, dict(resource), changes, reason, text)


def _short(change: Row) -> dict[str, Any]:
    return {"path": str(change.get("path", ""))[:LONGEST_VALUE], **{n: _value(change.get(n)) for n in ("old", "new")}}


def _value(value: Any) -> Any:
    """As it is, or the beginning of its JSON where that is long."""
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return value if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _sentence(event: Row, resource: Row, change: str, changes: Sequence[Row], reason: str) -> str:
    subject = _subject(event, resource)
    if change == BEGIN:
        return f"{subject} matches"
    if change == CEASE:
        return f"{subject} no longer matches" + (f": {reason}" if reason else "")
    if event["type"] == ASKED:
        return subject
    told = f"{event['type']} {subject}".strip()
    if changes:
        more = f" and {len(changes) - SHOWN} more" * (len(changes) > SHOWN)
        return f"{told}: {', '.join(map(_changed, changes[:SHOWN]))}{more}"
    return told + (f": {reason}" if reason else "")


def _subject(event: Row, resource: Row) -> str:
    """`aws_ec2_instance web-1 (production, eu-west-1)`; a scope where it is of none."""
    name = resource.get("name") or resource.get("id") or resource.get("urn")
    if not name:
        return str(event["scope"] or event["name"] or "")
    place = ", ".join(str(each) for each in (_account(resource), resource.get("region")) if each)
    return f"{resource.get('kind', '')} {name}".strip() + (f" ({place})" if place else "")


def _account(resource: Row) -> str:
    return str(resource.get("account_name") or resource.get("account") or "")


def _changed(change: Row) -> str:
    old, new = (_brief(change.get(name)) for name in ("old", "new"))
    return f"{change.get('path', '')}: {old} → {new}"


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= 80 else text[:79] + "…"


def _line(text: str, longest: int) -> str:
    """One line, without what could move a cursor."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
