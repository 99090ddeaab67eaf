"""tag and untag: what begins to match is planned for, and nothing is sent anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from syncd.config_text import converted
from syncd.errors import Rejected, Retry
from syncd.model import Act
from syncd.notice import Notice
from syncd.plugin import Receipt
from tests.egress.servers import NOW, leaving
from tests.reactions.contract.notices import BEGUN, CEASED, FIRING, FORMS, RESOLVED
from tests.reactions.contract.points import PLANNING, handlers

TABLES: dict[str, dict[str, Any]] = {
    "tag": {"tags": {"owner": "{account.name}", "stage": "{{}}"}},
    "untag": {"keys": ["temp", "seen"]},
}
ACTS = {"tag": Act("tag", {"owner": "{account.name}", "stage": "{{}}"}), "untag": Act("untag", keys=("temp", "seen"))}
URN = str(BEGUN.resource["urn"])

each_handler = pytest.mark.parametrize("name", sorted(PLANNING))


@dataclass
class Desk:
    """A planner that keeps what it is asked for."""

    asked: list[tuple[Act, list[str], str, bool]] = field(default_factory=list)

    async def plan(self, act: Act, urns: Sequence[str], notice: Notice, at_once: bool) -> str:
        self.asked.append((act, [*urns], notice.id, at_once))
        return "plan 7"


async def delivered(name: str, notice: Notice, desk: Desk | None, **more: Any) -> Receipt:
    """No address may be reached on the way."""
    settings, wrong = converted(TABLES[name] | more, handlers()[name].settings)
    assert not wrong, wrong
    async with leaving() as egress:
        context = egress.attempt(NOW)
        context.planner = desk.plan if desk else None
        return await handlers()[name].deliver(context, settings, notice)


@each_handler
async def test_what_begins_to_match_is_planned_for_each_resource_once(name: str) -> None:
    desk, other = Desk(), replace(BEGUN, event=11, resource={**BEGUN.resource, "urn": "urn:2"})
    receipt = await delivered(name, replace(FIRING, items=(*FIRING.items, other), total=3), desk)
    assert receipt.answer == "plan 7"
    assert desk.asked == [(ACTS[name], [URN, "urn:2"], FIRING.id, False)]


@each_handler
async def test_it_is_applied_at_once_only_where_the_target_says_so(name: str) -> None:
    desk = Desk()
    await delivered(name, FIRING, desk, mode="auto")
    assert desk.asked[0][3] is True


@each_handler
async def test_what_ceases_is_taken_and_nothing_is_planned(name: str) -> None:
    desk = Desk()
    again = replace(FIRING, state="news", items=(BEGUN, CEASED))
    for notice in (RESOLVED, again):
        assert (await delivered(name, notice, desk)).answer == "nothing is planned: nothing began to match"
    assert desk.asked == []


@each_handler
async def test_a_test_says_what_would_be_done_without_anybody_who_makes_plans(name: str) -> None:
    told = (await delivered(name, FORMS["test"], None, mode="auto")).answer
    assert name in told
    assert "it would be applied at once" in told


@each_handler
@pytest.mark.parametrize("form", ["news", "of no resource", "a summary", "hostile"])
async def test_what_nothing_can_be_planned_for_is_a_dead_letter(name: str, form: str) -> None:
    """Events that are no begin, and more resources than the notice names: a part of them would pass by the caps."""
    desk = Desk()
    with pytest.raises(Rejected, match="planned"):
        await delivered(name, FORMS[form], desk)
    assert desk.asked == []


@each_handler
async def test_where_no_daemon_makes_plans_it_is_tried_again(name: str) -> None:
    with pytest.raises(Retry, match="made by the daemon"):
        await delivered(name, FIRING, None)


@pytest.mark.parametrize(
    ("name", "table", "told"),
    [
        ("tag", {"tags": {}}, "tags"),
        ("tag", {"tags": {"owner": "{"}}, "is no template"),
        ("tag", {"tags": {"aws:x": "y"}}, "belong to the provider"),
        ("tag", {"tags": {"a": "b"}, "mode": "apply"}, "one of"),
        ("untag", {"keys": []}, "keys"),
        ("untag", {"keys": ["k" * 129]}, "1 to 128 characters"),
    ],
)
def test_what_can_never_be_done_is_a_complaint_of_the_configuration(
    name: str, table: dict[str, Any], told: str
) -> None:
    _, wrong = converted(table, handlers()[name].settings)
    assert told in f"{wrong[0].path} {wrong[0].text}"
