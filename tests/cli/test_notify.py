"""`syncctl notify`: what would be sent is shown first, and sent only on somebody's word."""

import json
from pathlib import Path

import pytest

from syncd.cli.exits import Exit
from syncd.cli.syncctl import main
from tests.cli.conftest import Ask
from tests.fakes.control import Control, refuses, says

PATH = "POST /v1/targets/oncall/notify"
SHOWN = {
    "target": "oncall", "reaction": "slack", "resources": 12, "notices": 1, "title": "by hand: 12 resources\x1b[2J",
    "lines": ["fake_box a (one, r1)", "fake_box b (one, r1)"], "sent": False,
}  # fmt: skip


def test_what_would_be_sent_is_shown_and_without_a_terminal_it_is_not_sent(control: Control, ask: Ask) -> None:
    control.answers = {PATH: says(SHOWN)}
    answer = ask(main, "notify", "oncall", "is(fake_box)", "--socket", control.path)
    assert answer.code == 2
    assert answer.out.splitlines()[0] == "1 notice to oncall (slack)"
    assert "  - fake_box a (one, r1)\n" in answer.out
    assert "  and 10 more\n" in answer.out
    assert "\x1b" not in answer.out
    assert "needs --yes" in answer.err
    assert [asked.body for asked in control.asked] == [{"query": "is(fake_box)"}]


@pytest.mark.parametrize(("typed", "code", "asked"), [("yes\n", 0, 2), ("y\n", 1, 1)])
def test_at_a_terminal_somebody_is_asked(
    control: Control, ask: Ask, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, asked: int
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    monkeypatch.setattr("sys.stdin", Terminal())
    control.answers = {PATH: [says(SHOWN), says({**SHOWN, "sent": True}, 202)]}
    answer = ask(main, "notify", "oncall", "all", "--socket", control.path)
    assert (answer.code, len(control.asked)) == (code, asked)
    assert "Tell oncall of 12 resources? Type yes: " in answer.err
    assert ("nothing has been sent" in answer.err) == (code == 1)


def test_a_script_says_yes_and_what_was_shown_is_what_may_be_sent(control: Control, ask: Ask) -> None:
    control.answers = {PATH: [says(SHOWN), says({**SHOWN, "sent": True}, 202)]}
    answer = ask(main, "notify", "oncall", "all", "--yes", "-o", "json", "--socket", control.path)
    assert (answer.code, json.loads(answer.out)["sent"]) == (0, True)
    assert control.asked[1].body == {"query": "all", "send": True, "resources": 12}


def test_a_refusal_is_told_as_it_is(control: Control, ask: Ask) -> None:
    control.answers = {PATH: [says(SHOWN), refuses(409, "not_now", "nothing is sent: the search finds 13 now, not 12")]}
    answer = ask(main, "notify", "oncall", "all", "--yes", "--socket", control.path)
    assert (answer.code, "finds 13 now" in answer.err) == (1, True)


def test_without_a_daemon_it_is_said_how_to_start_one(ask: Ask, tmp_path: Path) -> None:
    answer = ask(main, "notify", "oncall", "all", "--yes", "--socket", tmp_path / "none.sock")
    assert answer.code == Exit.DOWN
    assert "start it with: systemctl start syncd" in answer.told
