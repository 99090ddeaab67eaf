"""When rules are looked at, and how long they must match: what the configuration may say."""

import pytest

from syncd.rules.moments import Lasting, Moments, glob_problem, lasting, moments
from syncd.settings import RuleSettings


def test_steps_events_and_times_are_told_apart() -> None:
    rule = RuleSettings(name="r", search="all", when=("post_collect", "scope.*", "cron 0 6 * * *"))
    assert moments(rule) == Moments(frozenset({"post_collect"}), ("scope.*",), ("0 6 * * *",))


def test_a_search_is_asked_after_each_collect_unless_it_says_otherwise() -> None:
    assert moments(RuleSettings(name="r", search="all")).steps == {"post_collect"}
    assert moments(RuleSettings(name="r", on=("resource.*",))) == Moments()


@pytest.mark.parametrize("glob", ["resource.*", "resource.deleted", "*", "*.deleted", "post_collect", "r*.deleted"])
def test_globs_of_known_events_are_taken(glob: str) -> None:
    assert glob_problem(glob) == ""


@pytest.mark.parametrize(
    ("glob", "problem"),
    [
        ("post_colect", "did you mean post_collect?"),
        ("resorce.*", "did you mean resource?"),
        ("rule.matched", "starts no rule"),
    ],
)
def test_other_globs_are_not(glob: str, problem: str) -> None:
    assert problem in glob_problem(glob, own=False)


def test_it_lasts_runs_or_a_time() -> None:
    assert lasting("") == Lasting()
    assert lasting("3 runs") == Lasting(runs=3)
    assert lasting("2h30m") == Lasting(seconds=9000)
    with pytest.raises(ValueError, match='found "soon", expected a number of runs'):
        lasting("soon")
