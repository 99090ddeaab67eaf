"""What people read of a notice: cut to a receiver's limits, and without anything that a receiver would act upon.

Names of resources are made by whoever may create resources: they are shown, and never mention, format or hide.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson

from syncd.errors import Retry
from syncd.notice import BEGIN, CEASE, FIRING, RESOLVED, TEST, Item, Notice, Severity
from syncd.plugin import Reply

Body = TypeVar("Body")

COLOURS: Mapping[Severity, int] = {"info": 0x2563EB, "warning": 0xD97706, "error": 0xDC2626, "critical": 0x991B1B}
GREEN = 0x16A34A
LINE = 2_000
"""Characters of a name or of one line, before a receiver's own limit."""
MARKS: Mapping[str, str] = {BEGIN: "+", CEASE: "✓"}

_ADDRESS = re.compile(r"https?://[!#$%&*+,./:;=?@\[\]_~0-9A-Za-z'()-]{1,1990}")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control characters, marks that turn the direction of a line or have no width, and what is no character at all."""


def size(text: str) -> int:
    """As receivers written in JavaScript count: characters outside the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Shown(dict[int, str | None]):
    """For str.translate: what becomes of each character, found out once. `newline` is what ends of lines become."""

    def __init__(self, newline: str) -> None:
        super().__init__({ord(char): newline for char in "\n\r\u2028\u2029"} | {ord("\t"): " "})

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        self[code] = shown = None if unicodedata.category(char) in _HIDDEN else char
        return shown


_ONE_LINE, _LINES = _Shown(" "), _Shown("\n")


def plain(text: str, *, lines: bool = False) -> str:
    """The text without what cannot be seen; on one line unless `lines`."""
    return text.replace("\r\n", "\n").translate(_LINES if lines else _ONE_LINE).strip()


def fit(text: str, limit: int, escapes: Mapping[str, str] | None = None, *, lines: bool = False) -> str:
    """As `plain`, at most `limit` long after each character of `escapes` has been replaced; "…" stands for the rest."""
    most = 4 * limit + 100  # of a name of megabytes, no more is looked at: what is hidden rarely takes three quarters
    shown = plain(text[:most], lines=lines)
    whole = shown.translate({ord(char): text for char, text in escapes.items()}) if escapes else shown
    if len(text) <= most and size(whole) <= limit:
        return whole
    return _cut(shown, limit - 1, escapes or {}) + "…" * (limit > 0)


def _cut(text: str, limit: int, escapes: Mapping[str, str]) -> str:
    """Its beginning, without half of what is escaped or of a wide character."""
    if not escapes:
        return text.encode("utf-16-le")[: 2 * max(limit, 0)].decode("utf-16-le", "ignore")
    parts: list[str] = []
    for char in text[: max(limit, 0)]:
        part = escapes.get(char, char)
        limit -= size(part)
        if limit < 0:
            break
        parts.append(part)
    return "".join(parts)


def address(value: Any) -> str:
    """A page of the provider that may become a link; "" for anything else."""
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else ""


def link(item: Item) -> str:
    return address(item.resource.get("link"))


def name(item: Item) -> str:
    """What people call the resource; the type of the event where it is of none."""
    resource = item.resource
    return fit(str(resource.get("name") or resource.get("id") or resource.get("urn") or item.type), LINE)


def where(item: Item) -> str:
    """Kind, account and region."""
    resource = item.resource
    places = (resource.get("kind"), resource.get("account_name") or resource.get("account"), resource.get("region"))
    return " · ".join(fit(str(place), LINE) for place in places if place)


def line(item: Item) -> str:
    """One line on one item: the rule's own text, or name and place."""
    said = item.text or " · ".join(filter(None, (name(item), where(item))))
    because = f" ({fit(item.reason, LINE)})" if item.reason and item.change == CEASE else ""
    return fit(f"{MARKS.get(item.change, '·')} {said}{because}", LINE)


def more(notice: Notice, shown: int) -> str:
    """What is not shown, "" when all is."""
    left = max(notice.total, len(notice.items)) - shown
    return f"and {left:,} more" if left > 0 else ""


def heading(notice: Notice) -> str:
    """One line that a phone shows."""
    words = {FIRING: notice.severity.upper(), RESOLVED: "RESOLVED", TEST: "TEST"}
    return fit(f"[{words.get(notice.state, 'NEWS')}] {notice.title or notice.rule}", LINE)


def colour(notice: Notice) -> int:
    return GREEN if notice.state == RESOLVED else COLOURS[notice.severity]


def facts(notice: Notice) -> list[tuple[str, str]]:
    """At most ten: the rule, how bad it is, how many match, what it is grouped by and the rule's labels."""
    found = [("Rule", notice.rule), ("Severity", notice.severity), ("Matching now", f"{notice.firing:,}")]
    found += [*notice.group.items(), *notice.labels.items()]
    return [(fit(key, LINE), fit(value, LINE) or "–") for key, value in found if plain(key)][:10]


def roomy(build: Callable[[int], Body], items: int, limit: int) -> Body:
    """`build(items)`, with so few items that its JSON has at most `limit` bytes."""
    found = build(items)
    while items and len(orjson.dumps(found)) > limit:
        items //= 2
        found = build(items)
    return found


def report(notice: Notice, *, limit: int, items: int) -> str:
    """All of it as text of several lines."""
    shown = notice.items[:items]
    parts = [
        plain(notice.text, lines=True),
        plain(notice.description, lines=True),
        "\n".join(f"{key}: {value}" for key, value in facts(notice)),
        "\n".join([*(f"{fit(line(item), 500)} {link(item)}".strip() for item in shown), more(notice, len(shown))]),
    ]
    return fit("\n\n".join(part for part in parts if part.strip()), limit, lines=True)


def details(item: Item) -> dict[str, Any]:
    """One item for systems that show JSON."""
    resource = item.resource
    kept = ("kind", "id", "name", "urn", "cloud", "account", "account_name", "region", "zone")
    found: dict[str, Any] = {key: fit(str(resource[key]), 1_000) for key in kept if resource.get(key)}
    found |= {"change": item.change, "at": item.at, "text": fit(line(item), 1_000)}
    return found | ({"link": link(item)} if link(item) else {})


def answer(reply: Reply) -> dict[str, Any]:
    """The JSON object that a target answered with."""
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Retry(f"answered {reply.status} without a JSON object: is this the right address?")
    return found
