"""What `syncctl hearing` promises: what nobody understood can be looked at, whether or not a daemon runs."""

import json

import pytest

from syncd.cli import syncctl
from syncd.store import aside
from syncd.store.aside import Aside
from syncd.store.journal import Journal
from tests.cli.conftest import Ask
from tests.fakes.control import Control, says
from tests.fakes.world import World


@pytest.fixture
async def world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> World:
    place = tmp_path_factory.mktemp("hearing")
    world = World(place / "s.db")
    async with world.store() as store:
        for name in ("a", "b"):
            one = Aside("fake", "q", name, f"{name}: nobody knows\x1b[31m", f"<{name}>")

            def put(journal: Journal, one: Aside = one) -> None:
                aside.put(journal, one)

            await store.change(put)
    (place / "syncd.toml").write_text(f'[store]\npath = "{world.path}"\n')
    monkeypatch.setenv("SYNCD_CONFIG", str(place / "syncd.toml"))
    return world


def test_what_was_set_aside_is_listed_and_shown(world: World, ask: Ask) -> None:
    rows = json.loads(ask(syncctl.main, "hearing", "-o", "json").out)
    assert [(row["id"], row["message"]) for row in rows] == [(1, "a"), (2, "b")]
    assert "body" not in rows[0]
    assert json.loads(ask(syncctl.main, "hearing", "show", 2, "-o", "json").out)["body"] == "<b>"
    text = ask(syncctl.main, "hearing", "show", 1).out
    assert "<a>" in text
    assert "\x1b" not in text
    assert "\x1b" not in ask(syncctl.main, "hearing").out


def test_what_is_not_there_is_said_so(world: World, ask: Ask) -> None:
    answer = ask(syncctl.main, "hearing", "show", 9)
    assert answer.code != 0
    assert answer.told == "syncctl: there is no message 9: syncctl hearing lists them"


def test_the_daemon_forgets_what_was_looked_at(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/hearing/forget"] = says({"forgotten": 2})
    assert ctl("hearing", "forget", "1", "2").out == "forgotten: 2\n"
    assert ctl("hearing", "forget", "--all", "-o", "json").out
    assert [each.body for each in control.asked] == [{"ids": [1, 2]}, {"all": True}]
