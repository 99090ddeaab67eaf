"""Nothing is changed by mistake: whatever the marks, protections, caps, switches and clocks are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncd.acts.decide import PROTECTED, Sight, caps_fault, item_fault, plan_fault
from syncd.settings import PlansSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = PlansSettings(enabled=True, accounts=("1",))
GOOD = Sight("1", "1", "complete")

ACCOUNTS = st.sampled_from(["1", "2", "33"])
SETTINGS = st.builds(
    PlansSettings,
    enabled=st.booleans(),
    accounts=st.sampled_from([(), ("1",), ("1", "2"), ("3*",), ("*",)]),
    max_resources=st.integers(1, 20),
    max_share=st.floats(0.01, 1),
    expire_after_hours=st.floats(0.5, 48),
    wait_hours=st.floats(0, 30),
)
SIGHTS = st.builds(
    Sight,
    account=ACCOUNTS,
    owner=ACCOUNTS,
    coverage=st.sampled_from(["complete", "complete", "partial", "denied", "failed", "held", "retired", "never", ""]),
    protection=st.sampled_from(["", "", "protected by anna"]),
    there=st.booleans(),
    unseen=st.sampled_from(["", "", "denied"]),
    tags=st.dictionaries(st.sampled_from([PROTECTED, "owner"]), st.sampled_from(["true", "True ", "false", ""])),
    drift=st.sampled_from([(), (), ("tags.owner",)]),
)
COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 30), min_size=1)


def in_list(account: str, settings: PlansSettings) -> bool:
    return any(glob in ("*", account) or (glob == "3*" and account == "33") for glob in settings.accounts)


def is_protected(sight: Sight) -> bool:
    return sight.protection != "" or sight.tags.get(PROTECTED, "").strip().lower() == "true"


@given(SETTINGS, SIGHTS)
def test_a_resource_is_acted_on_only_where_nothing_at_all_speaks_against_it(
    settings: PlansSettings, sight: Sight
) -> None:
    allowed = item_fault(settings, sight) == ""
    assert allowed == (
        settings.enabled
        and sight.account == sight.owner
        and in_list(sight.account, settings)
        and not is_protected(sight)
        and sight.coverage == "complete"
        and sight.there
        and not sight.unseen
        and not sight.drift
    )


@given(SETTINGS, COUNTS, st.dictionaries(st.sampled_from("abc"), st.integers(0, 1000)))
def test_never_more_than_the_caps_and_never_a_part_of_what_exceeds_them(
    settings: PlansSettings, wanted: Mapping[str, int], present: Mapping[str, int]
) -> None:
    if caps_fault(settings, wanted, present) == "":
        assert sum(wanted.values()) <= settings.max_resources
        for kind, count in wanted.items():
            assert count == 1 or count <= settings.max_share * present.get(kind, 0)


@given(SETTINGS, st.floats(-100, 100), st.floats(-100, 100), st.sampled_from(["planned", "applied", "discarded"]))
def test_a_plan_is_applied_only_while_it_waits_is_old_enough_and_not_too_old(
    settings: PlansSettings, age: float, left: float, state: str
) -> None:
    made, expires = NOON - timedelta(hours=age), NOON + timedelta(hours=left)
    if plan_fault(settings, state, made, expires, NOON) == "":
        assert settings.enabled
        assert state == "planned"
        assert expires > NOON
        assert settings.wait_hours - 0.001 <= age < settings.expire_after_hours
        assert age >= -1 / 60


def test_by_default_nothing_may_be_changed() -> None:
    assert "enabled" in item_fault(PlansSettings(), GOOD)
    assert "accounts" in item_fault(PlansSettings(enabled=True), GOOD)
    assert "enabled" in plan_fault(PlansSettings(), "planned", NOON, NOON + timedelta(hours=1), NOON)


def test_one_of_a_kind_may_always_be_changed_and_two_of_few_not() -> None:
    assert caps_fault(OPEN, {"a": 1}, {"a": 1}) == ""
    assert caps_fault(OPEN, {"a": 2}, {"a": 20}) == "2 of 20 a are more than [plans] max_share = 0.05 of them"
    assert caps_fault(OPEN, {"a": 10}, {"a": 200}) == ""
    assert caps_fault(OPEN, {"a": 10, "b": 1}, {"a": 200, "b": 9}).startswith("11 resources are more than")


def test_a_clock_that_was_turned_back_makes_no_plan_young_again() -> None:
    made = NOON + timedelta(hours=2)
    assert "clock" in plan_fault(OPEN, "planned", made, made + timedelta(hours=24), NOON)


def test_protection_is_named_before_anything_that_the_fresh_look_found() -> None:
    sight = replace(GOOD, tags={PROTECTED: "true"}, drift=("tags.owner",))
    assert item_fault(OPEN, sight) == "protected by its tag syncd:protected"


def test_many_paths_that_differ_are_told_by_the_first_five() -> None:
    sight = replace(GOOD, drift=tuple("abcdefg"))
    assert item_fault(OPEN, sight) == "it has changed since the plan was made: a, b, c, d, e, …"
