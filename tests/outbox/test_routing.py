"""Rules of events: which events they are about, in which circumstances, and whom they tell."""

from typing import Any

import pytest

from syncd.outbox.routing import Table, deliveries, matches, switched_on
from syncd.settings import RuleSettings

BASES = {"fake_box": frozenset({"fake_box", "resource"})}
BOX = {"kind": "fake_box", "name": "web-1", "urn": "urn:web-1", "account": "111", "region": "eu-1", "tags": {"o": "me"}}


def event(type_: str = "resource.updated", **more: Any) -> dict[str, Any]:
    usual = {
        "seq": 7, "at": "2026-03-01T12:00:00Z", "type": type_, "scope": "fake/111/eu-1/boxes", "node": 3,
        "urn": "urn:web-1", "kind": "fake_box", "name": "web-1", "body": {},
    }  # fmt: skip
    return usual | more


CHANGED = event(body={"changes": [{"path": "size", "old": 1, "new": 3}, {"path": "public", "old": False, "new": True}]})
SCOPE = event("scope.denied", node=0, urn="", kind="", name="", body={"state": "denied", "was": "complete"})


@pytest.mark.parametrize(
    ("where", "told", "holds"),
    [
        ({"kind": "fake_*"}, CHANGED, True),
        ({"kind": "resource"}, CHANGED, True),
        ({"kind": "volume"}, CHANGED, False),
        ({"name": ("db-*", "web-*")}, CHANGED, True),
        ({"account": "111", "region": "eu-*"}, CHANGED, True),
        ({"account": "222"}, CHANGED, False),
        ({"account": "111"}, SCOPE, True),
        ({"region": "us-1"}, SCOPE, False),
        ({"scope": "fake/*/boxes"}, SCOPE, True),
        ({"state": "denied", "body.was": "complete"}, SCOPE, True),
        ({"was": "held"}, SCOPE, False),
        ({"tags.o": "m?"}, CHANGED, True),
        ({"tags.none": ""}, CHANGED, True),
        ({"tags.none": "x"}, CHANGED, False),
        ({"changes.path": "public", "changes.new": True}, CHANGED, True),
        ({"changes.path": "public", "changes.new": "true"}, CHANGED, True),
        ({"changes.path": "public", "changes.new": 1}, CHANGED, False),
        ({"changes.path": "size", "changes.new": True}, CHANGED, False),
        ({"changes.path": "size", "changes.old": 1, "changes.new": 3.0}, CHANGED, True),
        ({"changes.path": "*"}, SCOPE, False),
        ({"type": "resource.*"}, CHANGED, True),
    ],
)
def test_all_conditions_hold_and_those_on_a_change_for_the_same_one(
    where: dict[str, Any], told: dict[str, Any], holds: bool
) -> None:
    resource = BOX if told is CHANGED else {}
    assert matches(where, told, resource, BASES) is holds


def table(*rules: RuleSettings, apart: frozenset[str] = frozenset()) -> Table:
    return Table(rules, {rule.name: rule for rule in rules}, apart, BASES)


def test_each_rule_that_matches_tells_each_of_its_targets() -> None:
    changed = RuleSettings(name="changed", on=("resource.*",), to=("chat", "pager"))
    other = RuleSettings(name="other", on=("scope.*",), to=("chat",))
    found = list(deliveries([CHANGED, SCOPE], {3: BOX}, table(changed, other, apart=frozenset({"pager"}))))
    assert [(each.target, each.rule, each.change, each.grouped) for each in found] == [
        ("chat", "changed", "happened", "{}"),
        ("pager", "changed", "happened", '{"urn":"urn:web-1"}'),
        ("chat", "other", "happened", "{}"),
    ]


def test_events_of_rules_say_themselves_whom_they_are_for() -> None:
    body = {"rule": "r", "targets": ["a", "b"], "resource": BOX}
    told = [event("rule.matched", body=body), event("rule.cleared", body=body), event("rule.due", node=0, body=body)]
    assert [(each.target, each.change) for each in deliveries(told, {}, table())] == [
        ("a", "begin"), ("b", "begin"), ("a", "cease"), ("b", "cease"), ("a", "happened"), ("b", "happened"),
    ]  # fmt: skip


def test_a_command_switches_a_rule_and_rules_of_searches_are_not_asked() -> None:
    rules = {
        "on": RuleSettings(name="on", on=("x",)),
        "off": RuleSettings(name="off", on=("x",), enabled=False),
        "search": RuleSettings(name="search", search="all"),
    }
    assert [rule.name for rule in switched_on(rules, {})] == ["on"]
    assert [rule.name for rule in switched_on(rules, {"on": "disabled", "off": "enabled"})] == ["off"]
