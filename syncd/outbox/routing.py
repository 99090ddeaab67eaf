"""Which rule tells whom of an event, and what it is grouped by. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import orjson

from syncd.notice import BEGIN, CEASE, HAPPENED
from syncd.settings import RuleSettings
from syncd.store.notices import DEAD
from syncd.store.outbox import Delivery

Row = Mapping[str, Any]
Conditions = Mapping[str, str | int | float | bool | tuple[str, ...]]

ASKED = "notify.asked"
"""Somebody tells a target of a resource by hand."""
BY_HAND = "by hand"
"""Stands for the rule of what somebody tells: no rule can have this name, which has a blank."""
CHANGES = {"rule.matched": BEGIN, "rule.cleared": CEASE, "rule.due": HAPPENED, ASKED: HAPPENED}
"""Events that say themselves which rule they are of and whom they are for."""
_OWN = ("type", "kind", "name", "urn", "scope")
_CHANGE = "changes."
_TAG = "tags."


@dataclass(frozen=True, slots=True)
class Table:
    """What routing goes by: rules of events that are on, targets that want each resource apart, kinds' base kinds."""

    rules: tuple[RuleSettings, ...] = ()
    all_rules: Mapping[str, RuleSettings] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    bases: Mapping[str, Set[str]] = field(default_factory=dict)
    _asked: dict[str, list[RuleSettings]] = field(default_factory=dict)

    def asked(self, type_: str) -> list[RuleSettings]:
        """Rules of events of this type, found out once: a storm asks for thousands of the same."""
        if type_ not in self._asked:
            self._asked[type_] = [r for r in self.rules if any(fnmatchcase(type_, glob) for glob in r.on)]
        return self._asked[type_]

    @property
    def globs(self) -> list[str]:
        """Types of events that anybody asks for, for SQLite, whose brackets differ: any character instead."""
        own = {re.sub(r"\[[^\]]*\]", "?", glob) for rule in self.rules for glob in rule.on}
        return [*CHANGES, *sorted(own)]


class Route(NamedTuple):
    rule: str
    targets: tuple[str, ...]
    change: str


def switched_on(rules: Mapping[str, RuleSettings], switches: Mapping[str, str]) -> tuple[RuleSettings, ...]:
    """Rules of events that are on, by the configuration or by command."""
    return tuple(
        rule
        for rule in rules.values()
        if rule.on and (switches.get(rule.name) == "enabled" or (rule.enabled and not switches.get(rule.name)))
    )


def deliveries(events: Iterable[Row], resources: Mapping[int, Row], table: Table) -> Iterator[Delivery]:
    """Of events in their order, with the resources that they are of as far as these are known."""
    for event in events:
        resource = resource_of(event, resources)
        for route in routes(event, resource, table):
            for target in route.targets:
                group = grouped(event, resource, table.all_rules.get(route.rule), target in table.apart)
                yield Delivery(target, route.rule, event["seq"], event["node"], route.change, group)


def resource_of(event: Row, resources: Mapping[int, Row]) -> Row:
    """Flat: what the event itself holds, else what the store knows, else what the event is called; {} for none."""
    if isinstance(told := event["body"].get("resource"), dict):
        return told
    if not event["node"]:
        return {}
    return resources.get(event["node"]) or {name: event[name] for name in ("kind", "name", "urn")}


def routes(event: Row, resource: Row, table: Table) -> Iterator[Route]:
    body = event["body"]
    if change := CHANGES.get(event["type"]):
        yield Route(str(body.get("rule", "")), tuple(body.get("targets", ())), change)
    if event["type"] == DEAD and body.get("of") == DEAD:
        return  # that nobody could be told of a dead letter is told to nobody
    for rule in table.asked(event["type"]):
        if matches(rule.where, event, resource, table.bases):
            yield Route(rule.name, rule.to, HAPPENED)


def matches(where: Conditions, event: Row, resource: Row, bases: Mapping[str, Set[str]]) -> bool:
    """All conditions; those on a change must hold for one and the same change."""
    of_change = {}
    for name, wanted in where.items():
        if name.startswith(_CHANGE):
            of_change[name.removeprefix(_CHANGE)] = wanted
        elif not _holds(wanted, _values(name, event, resource, bases)):
            return False
    changes = event["body"].get("changes", [])
    return not of_change or any(
        all(_holds(wanted, [change.get(name)]) for name, wanted in of_change.items()) for change in changes
    )


def _values(name: str, event: Row, resource: Row, bases: Mapping[str, Set[str]]) -> Iterable[Any]:
    """What a field may be: a kind is also each of its base kinds."""
    if name == "kind":
        return {event["kind"], *bases.get(event["kind"], ())}
    if name in _OWN:
        return [event[name]]
    if name in ("account", "region"):
        return [resource.get(name) or _place(event["scope"], name)]
    if name.startswith(_TAG):
        return [(resource.get("tags") or {}).get(name.removeprefix(_TAG))]
    found: Any = event["body"]
    for part in name.removeprefix("body.").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return [resource.get(name) if found is None else found]


def _place(scope: str, name: str) -> str:
    parts = scope.split("/", 3)
    return parts[1 if name == "account" else 2] if len(parts) == 4 else ""


def _holds(wanted: Any, values: Iterable[Any]) -> bool:
    if isinstance(wanted, str):
        return any(fnmatchcase(_text(value), wanted) for value in values)
    if isinstance(wanted, Sequence):
        return any(_holds(each, values) for each in wanted)
    return any(type(value) is type(wanted) and value == wanted for value in values) or (
        not isinstance(wanted, bool) and any(_same_number(value, wanted) for value in values)
    )


def _same_number(value: Any, wanted: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == wanted


def _text(value: Any) -> str:
    """As JSON has it: true, 3; nothing is empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


# -- groups


def grouped(event: Row, resource: Row, rule: RuleSettings | None, apart: bool) -> str:
    """What the rule groups by; else each resource for itself where the target wants that; else the rule as a whole,

    or what was found by one search by hand.
    """
    if rule is not None and rule.group_by is not None:
        return group_text({name: _field(name, event, resource) for name in rule.group_by})
    if not apart:
        return group_text({"search": str(event["body"].get("search", ""))} if event["type"] == ASKED else {})
    urn = resource.get("urn") or event["urn"]
    return group_text({"urn": str(urn)} if urn else {})


def _field(name: str, event: Row, resource: Row) -> str:
    if name.startswith(_TAG):
        return _text((resource.get("tags") or {}).get(name.removeprefix(_TAG)))
    known = resource.get(name)
    if known is None:
        known = event.get(name) if name in _OWN else event["body"].get(name)
    return _text(known)


def group_text(group: Mapping[str, str]) -> str:
    """Canonical: equal groups are equal texts."""
    return orjson.dumps(dict(group), option=orjson.OPT_SORT_KEYS).decode()
