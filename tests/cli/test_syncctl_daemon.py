"""What `syncctl` promises of the daemon: it asks the right thing, tells the whole answer, ends with the right code."""

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

import syncd
from syncd.cli.configuration import flat
from syncd.cli.syncctl import main
from tests.cli.conftest import Answer, Ask, Desk, command
from tests.fakes.control import (
    GOING_ON,
    RUN,
    Asked,
    Canned,
    Control,
    refuses,
    says,
    streams,
)


def rows(answer: Answer) -> list[list[str]]:
    """The cells of a table."""
    assert (answer.code, answer.err) == (0, "")
    return [line.split() for line in answer.out.splitlines()]


# sync and accept


def test_sync_asks_for_what_is_selected_and_tells_the_request(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": False}, 202)
    options = ["--collector", "aws", "--account", "1*", "--account", "2", "--region", "eu-*", "--kind", "aws_ec2_*"]
    assert ctl("sync", *options) == Answer(0, "request 3\n", "")
    assert ctl("sync").code == 0
    wanted = {"collectors": ["aws"], "accounts": ["1*", "2"], "regions": ["eu-*"], "kinds": ["aws_ec2_*"]}
    assert [asked.body for asked in control.asked] == [wanted, {}]


def test_a_request_that_joins_another_says_so(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": True}, 202)
    assert ctl("sync").out == "request 3, joined the one that waits\n"
    assert json.loads(ctl("sync", "-o", "json").out) == {"request": 3, "joined": True}


@pytest.mark.parametrize(("state", "code"), [("complete", 0), ("incomplete", 3), ("failed", 1), ("cancelled", 130)])
def test_waiting_ends_with_the_run_and_its_code(ctl: Ask, control: Control, state: str, code: int) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": False}, 202)
    finished = {"type": "finished", "run": {**RUN, "state": state}}
    told = streams({"type": "waiting"}, {"type": "progress", **GOING_ON}, finished)
    control.answers["GET /v1/requests/3/follow"] = told
    done = ctl("sync", "--wait")
    line = f"run 12 {state} in 31.2 s: 3,402 resources; 3 created, 1 updated, 0 deleted; 210 calls"
    assert done == Answer(code, f"request 3\n{line}\n", "")
    whole = json.loads(ctl("sync", "--wait", "-o", "json").out)
    assert whole == {"request": 3, "joined": False, "run": finished["run"]}


def test_waiting_on_a_terminal_shows_progress(desk: Desk, control: Control) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": False}, 202)
    told = streams({"type": "progress", **GOING_ON}, {"type": "finished", "run": RUN})
    control.answers["GET /v1/requests/3/follow"] = told
    ours, theirs = pty.openpty()
    arguments = command("syncctl", "sync", "--wait", "--socket", str(control.path))
    environment = desk.environment | {"TERM": "xterm"}
    done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=60)
    os.close(theirs)
    assert done.returncode == 3
    assert b"3/8+ scopes" in os.read(ours, 4096)
    os.close(ours)


def test_waiting_for_a_daemon_that_goes_away_ends_with_6(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": False}, 202)
    control.answers["GET /v1/requests/3/follow"] = streams({"type": "waiting"})
    done = ctl("sync", "--wait")
    assert done.code == 6
    assert "went away before request 3 was done; what became of it: syncctl runs" in done.err


def test_ctrl_c_while_waiting_leaves_the_run_alone_and_says_how_to_end_it(desk: Desk, control: Control) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3, "joined": False}, 202)
    control.answers["GET /v1/requests/3/follow"] = streams({"type": "progress", **GOING_ON}, held=True)
    desk.environment["TERM"] = "xterm"
    ours, theirs = pty.openpty()  # progress tells that it waits
    arguments = command("syncctl", "sync", "--wait", "--socket", str(control.path))
    with subprocess.Popen(arguments, env=desk.environment, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.read(ours, 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    os.close(theirs)
    told = os.read(ours, 4096).decode()
    os.close(ours)
    assert told.endswith("syncctl: request 3 goes on in the daemon; cancel it with: syncctl runs cancel 13\r\n")


def test_accept_names_scopes_and_tells_which_were_meant(ctl: Ask, control: Control) -> None:
    answer = {"request": 4, "joined": False, "scopes": ["aws/1/r/a", "aws/1/r/b"]}
    control.answers["POST /v1/accept"] = says(answer, 202)
    assert ctl("accept", "aws/1/*", "x").out == "request 4\n  aws/1/r/a\n  aws/1/r/b\n"
    assert control.asked[0].body == {"scopes": ["aws/1/*", "x"]}
    control.answers["GET /v1/requests/4/follow"] = streams({"type": "finished", "run": {**RUN, "state": "complete"}})
    assert ctl("accept", "aws/1/*", "--wait").code == 0


def test_nothing_to_accept_is_an_error_in_the_daemons_words(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/accept"] = refuses(404, "not_found", "no scope that matches x is held or retired")
    done = ctl("accept", "x")
    assert (done.code, done.told) == (1, "syncctl: no scope that matches x is held or retired")


# runs


def test_runs_are_listed_by_the_daemon_when_told_to(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/runs"] = says({"runs": [RUN]})
    table = rows(ctl("runs", "list"))
    assert table[0][:3] == ["RUN", "STARTED", "STATE"]
    assert table[1][:5] == ["12", "2026-03-01T12:00:00Z", "incomplete", "schedule", "31.2"]
    assert control.asked == [Asked("GET", "/v1/runs", {"limit": "20"}, None)]


def test_options_of_runs_count_before_and_after_the_action(ask: Ask, control: Control) -> None:
    control.answers["GET /v1/runs"] = says({"runs": [RUN]})
    done = ask(main, "runs", "--limit", "5", "-o", "ndjson", "list", "--socket", control.path)
    assert json.loads(done.out)["run"] == 12
    ask(main, "runs", "--limit", "5", "list", "--limit", "6", "--socket", control.path)
    assert [asked.query for asked in control.asked] == [{"limit": "5"}, {"limit": "6"}]


def test_a_run_is_shown_with_its_summary(ctl: Ask, control: Control) -> None:
    accounts = [{"account": "111", "name": "production", "nodes": 3402}]
    summary = {"bytes": 5, "scopes": {"complete": 90, "denied": 1}, "sources": ["a profile"], "accounts": accounts}
    control.answers["GET /v1/runs/12"] = says({"run": RUN, "summary": summary})
    out = ctl("runs", "show", "12").out
    assert "\nscopes     90 complete, 1 denied\n" in out
    assert "\nsources    a profile\n" in out
    assert out.endswith("\naccounts\nACCOUNT  NAME        NODES\n111      production   3402\n")
    assert json.loads(ctl("runs", "show", "12", "-o", "json").out) == {"run": RUN, "summary": summary}


def test_the_log_of_a_run_tells_each_scope(ctl: Ask, control: Control) -> None:
    scopes = [{"scope": f"aws/1/r/{name}", "state": "complete", "seconds": 1.5, "extra": 1} for name in "ab"]
    control.answers["GET /v1/runs/12/log"] = streams(*scopes)
    assert [row[:2] for row in rows(ctl("runs", "log", "12"))[1:]] == [
        ["aws/1/r/a", "complete"],
        ["aws/1/r/b", "complete"],
    ]
    assert [json.loads(line) for line in ctl("runs", "log", "12", "-o", "ndjson").out.splitlines()] == scopes


def test_a_log_that_is_cut_off_is_an_error(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/runs/12/log"] = streams({"scope": "a"}, cut=True)
    done = ctl("runs", "log", "12", "-o", "ndjson")
    assert (done.code, done.out) == (6, '{"scope": "a"}\n')
    assert (
        done.err
        == f"syncctl: the daemon at {control.path} went away in the middle of an answer; see: journalctl -u syncd\n"
    )


def test_a_run_that_goes_on_can_be_cancelled(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/runs/12/cancel"] = says({"run": 12}, 202)
    assert ctl("runs", "cancel", "12") == Answer(0, "run 12 ends; what it has committed stands\n", "")
    assert json.loads(ctl("runs", "cancel", "12", "-o", "json").out) == {"run": 12}
    control.answers["POST /v1/runs/12/cancel"] = refuses(409, "conflict", "run 12 does not go on")
    assert ctl("runs", "cancel", "12").code == 1


def test_a_run_is_named_by_its_number(ctl: Ask) -> None:
    done = ctl("runs", "show", "../status")
    assert (done.code, done.out) == (2, "")
    assert "expected a number" in done.err


# the others


def test_collectors_are_told_with_what_they_hold(ctl: Ask, control: Control) -> None:
    one = {"name": "aws", "kinds": 110, "scopes": 8, "incomplete": 2, "nodes": 9}
    control.answers["GET /v1/collectors"] = says({"collectors": [one]})
    assert rows(ctl("collectors", "list"))[1] == ["aws", "110", "8", "2", "9"]
    assert json.loads(ctl("collectors", "list", "-o", "json").out) == [one]


def test_accounts_are_told_with_how_complete_they_are(ctl: Ask, control: Control) -> None:
    one = {"collector": "aws", "account": "111", "name": "", "scopes": 8, "incomplete": 2, "nodes": 9, "read_at": None}
    control.answers["GET /v1/accounts"] = says({"accounts": [one]})
    assert rows(ctl("accounts", "list"))[1] == ["aws", "111", "-", "8", "2", "9", "-"]
    assert ctl("accounts", "list", "-o", "csv").out.splitlines()[1] == "aws,111,,8,2,9,"


def test_the_configuration_is_a_line_a_setting(ctl: Ask, control: Control) -> None:
    answer = {"files": ["/etc/syncd/syncd.toml"], "config": {"sync": {"attempts": 6}, "fake": {}, "list": [1, 2]}}
    control.answers["GET /v1/config"] = says(answer)
    out = ctl("config", "show").out
    assert (
        out
        == "/etc/syncd/syncd.toml\n\nSETTING        VALUE\nsync.attempts  6\nfake           {}\nlist           [1,2]\n"
    )
    assert json.loads(ctl("config", "show", "-o", "json").out) == answer
    assert ctl("config", "show", "-o", "tsv").out.splitlines()[1] == "sync.attempts\t6"


def test_a_configuration_within_another_has_a_dotted_name() -> None:
    assert list(flat({"a": {"b": {"c": 1}, "d": {}}, "e": None})) == [("a.b.c", 1), ("a.d", {}), ("e", None)]


def test_the_check_of_the_files_is_the_daemons(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/config/check"] = [says({"complaints": []}), says({"complaints": ["a: b", "c: d"]})]
    assert ctl("config", "check") == Answer(0, "ok: syncctl reload would take the files over\n", "")
    assert ctl("config", "check") == Answer(2, "", "syncctl: a: b\nsyncctl: c: d\n")
    assert json.loads(ctl("config", "check", "-o", "json").out) == {"complaints": ["a: b", "c: d"]}


def test_reload_says_what_was_read_or_why_not(ctl: Ask, control: Control) -> None:
    control.answers["POST /v1/reload"] = says({"reloaded": True, "files": ["/etc/syncd/syncd.toml"]})
    assert ctl("reload").out == "reloaded: /etc/syncd/syncd.toml\n"
    assert json.loads(ctl("reload", "-o", "ndjson").out)["reloaded"] is True
    control.answers["POST /v1/reload"] = refuses(422, "refused", "/etc/x: sync.attempts: found 0")
    assert ctl("reload") == Answer(1, "", "syncctl: /etc/x: sync.attempts: found 0\n")


def test_pause_and_resume_say_what_holds_now(ctl: Ask, control: Control) -> None:
    control.answers = {"POST /v1/pause": says({"paused": True}), "POST /v1/resume": says({"paused": False})}
    assert ctl("pause").out == "paused: nothing starts until: syncctl resume\n"
    assert ctl("resume").out == "not paused\n"
    assert json.loads(ctl("pause", "-o", "json").out) == {"paused": True}


def test_tasks_and_limits_show_the_inside(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/debug/tasks"] = says({"tasks": [{"name": "writer", "where": "store.py:9"}]})
    assert rows(ctl("debug", "tasks"))[1] == ["writer", "store.py:9"]
    lane = {"account": "1", "region": "r", "service": "ec2", "limit": 16.0, "under_way": 3}
    answer = {"under_way": 12, "max_in_flight": 128, "writer_queue": 0, "lanes": [lane]}
    control.answers["GET /v1/debug/limits"] = says(answer)
    table = ctl("debug", "limits").out
    assert table.startswith("12 of at most 128 calls under way; 0 commits wait for the writer\n\nACCOUNT")
    assert json.loads(ctl("debug", "limits", "-o", "json").out) == answer
    assert json.loads(ctl("debug", "limits", "-o", "ndjson").out) == lane


def test_version_tells_both_sides(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/version"] = says({"version": "9.9.9", "api": 1, "python": "3.11.7", "sqlite": "3.40.1"})
    table = rows(ctl("version"))
    assert [row[:3] for row in table[1:]] == [["syncctl", syncd.__version__, "1"], ["syncd", "9.9.9", "1"]]


def test_version_without_a_daemon_tells_its_own_and_ends_with_6(ask: Ask, tmp_path: Path) -> None:
    done = ask(main, "version", "-o", "json", "--socket", tmp_path / "none")
    assert [row["program"] for row in json.loads(done.out)] == ["syncctl"]
    assert done.code == 6


# what holds for all

COMMANDS = [
    ("status",), ("sync",), ("accept", "x"), ("runs", "list"), ("runs", "show", "1"), ("runs", "log", "1"),
    ("runs", "cancel", "1"), ("events", "--follow"), ("collectors", "list"), ("accounts", "list"), ("config", "show"),
    ("config", "check"), ("reload",), ("pause",), ("resume",), ("debug", "tasks"), ("debug", "limits"),
]  # fmt: skip


@pytest.mark.parametrize("words", [*COMMANDS, ("version",)], ids=" ".join)
def test_every_command_has_help_with_examples(ask: Ask, words: tuple[str, ...]) -> None:
    done = ask(main, *words, "--help")
    assert done.code == 0
    assert "examples:" in done.out
    assert "--socket" in done.out
    assert "--no-color" in done.out


@pytest.mark.parametrize("group", ["collectors", "accounts", "config", "debug"])
def test_a_group_without_an_action_says_what_is_missing(ask: Ask, group: str) -> None:
    done = ask(main, group)
    message = "the following arguments are required: ACTION"
    assert (done.code, done.told) == (2, f"syncctl {group}: {message}; see syncctl {group} --help")
    assert "examples:" in ask(main, group, "--help").out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_daemon_every_command_says_how_to_start_one(ask: Ask, tmp_path: Path, words: tuple[str, ...]) -> None:
    none = tmp_path / "none.sock"
    start = "start it with: systemctl start syncd (or: syncd run)"
    done = ask(main, *words, "--socket", none)
    assert (done.code, done.told) == (6, f"syncctl: no syncd daemon answers at {none}; {start}")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_forbidden_ends_with_7(ctl: Ask, control: Control, words: tuple[str, ...]) -> None:
    forbidden = refuses(403, "forbidden", "not for you,\n\x1b[2Jbut for root")
    control.answers = Everything(forbidden)
    done = ctl(*words)
    assert (done.code, done.told) == (7, "syncctl: not for you, \\x1b[2Jbut for root")


class Everything(dict[str, Canned | list[Canned]]):
    """The same answer to all."""

    def __init__(self, canned: Canned) -> None:
        self._canned = canned

    def get(self, _key: str, _default: object = None) -> Canned:
        return self._canned


@pytest.mark.parametrize("words", [words for words in COMMANDS if words not in {("sync",), ("accept", "x")}])
def test_an_answer_of_another_shape_is_one_line(ctl: Ask, control: Control, words: tuple[str, ...]) -> None:
    control.answers = Everything(says({"runs": [1], "summary": 5, "last_event": 1, "lanes": 5}))
    done = ctl(*words)
    assert done.code in (0, 1, 6)
    assert "Traceback" not in done.err
    assert done.err.count("\n") <= 1


def test_the_socket_may_come_from_the_environment(desk: Desk, control: Control) -> None:
    control.answers["POST /v1/pause"] = says({"paused": True})
    desk.environment["SYNCD_SOCKET"] = str(control.path)
    assert desk.run("syncctl", "pause") == Answer(0, "paused: nothing starts until: syncctl resume\n", "")
