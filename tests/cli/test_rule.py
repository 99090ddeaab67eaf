"""`syncctl rule matches` and `rule test`: from the store's file, without a daemon."""

import json
from pathlib import Path

import pytest

from syncd.cli import syncctl
from syncd.rules.shell import Rules
from syncd.settings import Config, RuleSettings
from tests.cli.conftest import Ask
from tests.fakes.cloud import box
from tests.fakes.world import World

RULES = """
[[rule]]
name = "open"
search = "is(fake_box) and open = true"
group_by = ["region"]
title = "{{ total }} open box in {{ group.region }}"
enabled = false

[[rule]]
name = "wrong"
search = "is(fake_bx)"
enabled = false
"""


@pytest.fixture
async def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    (tmp_path / "c.toml").write_text(RULES)
    world = World(tmp_path / "s.db")
    async with world.store() as store:
        rules = Rules(store, now=lambda: world.moment)
        rule = RuleSettings(name="open", search="is(fake_box) and open = true")
        await rules.load(Config(rule={"open": rule}))
        for is_open in (True, False, True):
            world.cloud.put("fake/1/r1/boxes", box("1", "a", open=is_open))
            await world.sync_in(store, rules=rules)
    capsys.readouterr()  # the log
    return world


async def test_who_matches_is_shown(ask: Ask, world: World) -> None:
    answer = ask(syncctl.main, "rule", "matches", "open", "--db", world.path)
    assert answer.out.splitlines()[0].split()[:4] == ["RULE", "STATE", "SINCE", "RUNS"]
    assert "open  firing  2026-03-01T12:03:00Z" in answer.out
    assert ask(syncctl.main, "rule", "matches", "other", "--db", world.path, "-o", "json").out == "[]\n"


async def test_a_rule_is_tried_on_the_stored_history(ask: Ask, world: World, tmp_path: Path) -> None:
    given = ("--db", world.path, "--config", tmp_path / "c.toml", "-o", "json")
    answer = ask(syncctl.main, "rule", "test", "open", "--since", "2026-01-01", *given)
    told = [(row["at"], row["type"], row["name"], row["reason"]) for row in json.loads(answer.out)]
    assert told == [
        ("2026-03-01T12:01:00Z", "rule.matched", "a", ""),
        ("2026-03-01T12:02:00Z", "rule.cleared", "a", "mended"),
        ("2026-03-01T12:03:00Z", "rule.matched", "a", ""),
    ]


async def test_its_next_messages_are_rendered(ask: Ask, world: World, tmp_path: Path) -> None:
    given = ("rule", "test", "open", "--dry-run", "--db", world.path, "--config", tmp_path / "c.toml")
    assert ask(syncctl.main, *given).out.splitlines() == ["1 open box in r1", "  fake_box a (1, r1) matches"]
    [notice] = json.loads(ask(syncctl.main, *given, "-o", "json").out)
    assert (notice["state"], notice["group"], notice["firing"]) == ("firing", {"region": "r1"}, 1)


async def test_a_rule_that_is_not_there_or_wrong_is_one_line(ask: Ask, world: World, tmp_path: Path) -> None:
    given = ("--db", world.path, "--config", tmp_path / "c.toml")
    answer = ask(syncctl.main, "rule", "test", "opn", *given)
    assert (answer.code, answer.told) == (2, "syncctl: there is no rule opn; did you mean open?")
    assert "there is no kind fake_bx" in ask(syncctl.main, "rule", "test", "wrong", "--since", "2026-01-01", *given).err
    assert "expected an age such as 7d" in ask(syncctl.main, "rule", "test", "open", "--since", "12", *given).err
