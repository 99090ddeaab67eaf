"""Rules in the daemon: looked at in each run, steered over the socket, refused where they are wrong."""

import json
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Desk
from tests.fakes.daemon import Running, ended

RULE = '\n[[rule]]\nname = "boxes"\nsearch = "is(fake_box)"\nlabels = { team = "x" }\n'


@pytest.fixture
def daemon(desk: Desk) -> Iterator[Running]:
    running = Running(desk)
    running.configure()
    add(running, RULE)
    with ended(running):
        running.start()
        yield running


def add(daemon: Running, text: str) -> None:
    file = daemon.desk.place / "syncd.toml"
    file.write_text(file.read_text() + text)


def ctl(daemon: Running, *words: str) -> str:
    answer = daemon.desk.run("syncctl", "rule", *words, "--socket", str(daemon.socket))
    assert answer.code == 0, answer.err
    return answer.out


def test_rules_are_looked_at_in_each_run_and_steered_by_command(daemon: Running) -> None:
    run = daemon.sync()
    steps = daemon.query("select state, answers from step where name = 'post_collect'")
    [(state, answers)] = steps
    [answer] = json.loads(answers)
    assert (state, answer["subscriber"]) == ("done", "rules")
    matched = daemon.query("select count(*) from event where type = 'rule.matched'")[0][0]
    assert answer["message"] == f"1 rules: {matched} began, 0 ceased"
    assert matched > 0, run
    assert daemon.get("/v1/rules")[1]["rules"][0]["firing"] == matched
    assert len(daemon.get("/v1/rules/boxes/matches")[1]["matches"]) == matched
    assert daemon.get("/v1/rules/boxes")[1]["rule"]["labels"] == {"team": "x"}

    assert ctl(daemon, "disable", "boxes") == "boxes is off\n"
    assert daemon.query("select count(*) from event where type = 'rule.cleared'") == [(matched,)]
    assert ctl(daemon, "silence", "boxes", "--for", "2h").startswith("boxes is off, silent until 20")
    assert ctl(daemon, "list").splitlines()[1].split()[:2] == ["boxes", "no"]
    assert daemon.get("/v1/rules/boxes")[1]["rule"]["on"] is False
    assert ctl(daemon, "unsilence", "boxes") == "boxes is off\n"
    assert ctl(daemon, "enable", "boxes") == "boxes is on\n"
    commands = daemon.query("select body ->> '$.command' from event where type = 'control.command'")
    assert commands[1:3] == [("POST /v1/rules/boxes/disable",), ("POST /v1/rules/boxes/silence",)]

    assert daemon.get("/v1/rules/nobody")[0] == 404
    assert daemon.post("/v1/rules/boxes/silence", {"for": "ever"})[0] == 400
    assert daemon.get("/v1/matches")[1] == {"matches": []}


def test_a_wrong_rule_refuses_a_reload(daemon: Running) -> None:
    add(daemon, '\n[[rule]]\nname = "wrong"\nsearch = "is(nobody)"\n')
    status, answer = daemon.post("/v1/reload")
    assert status == 422
    assert "rule wrong: search: there is no kind nobody" in answer["error"]["message"]
    assert [rule["name"] for rule in daemon.get("/v1/rules")[1]["rules"]] == ["boxes"]


def test_a_wrong_rule_refuses_a_start_and_a_check(desk: Desk) -> None:
    (desk.place / "syncd.toml").write_text('[[rule]]\nname = "wrong"\nsearch = "is(nobody"\n')
    for command in ("run", "check"):
        answer = desk.run("syncd", command)
        assert answer.code == 2
        assert "rule wrong: search: " in answer.err


def test_a_sync_in_the_foreground_looks_at_rules_as_well(desk: Desk) -> None:
    desk.configure()
    file = desk.place / "syncd.toml"
    file.write_text(file.read_text() + RULE)
    assert desk.run("syncd", "sync", "--quiet").code == 0
    running = Running(desk)
    assert running.query("select count(*) > 0 from event where type = 'rule.matched'") == [(1,)]
