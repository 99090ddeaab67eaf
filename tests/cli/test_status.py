"""What `syncctl status` promises: one screen that tells all, for people and programs, once or again and again."""

import json
import os
import pty
import signal
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.cli.status_text import lines
from syncd.cli.watch import redrawn
from syncd.cli.words import ended, lasting, selected, sized
from tests.cli.conftest import Ask, Desk, command
from tests.conftest import MEASURING
from tests.fakes.control import GOING_ON, STATUS, Asked, Canned, Control, says

QUIET = {**STATUS, "state": "idle", "run": None, "pending": [], "schedule": [], "last": [], "warnings": []}
NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_status_is_one_screen_from_what_it_is_to_what_it_does() -> None:
    assert list(lines(STATUS, NOW, colours=False)) == [
        "syncd 0.2.0 running: process 4242 for 3 h 12 min, last event 812",
        "store: /var/lib/syncd/syncd.db, 132.4 MB + 4.1 MB of log, SQLite 3.40.1",
        "configuration: /etc/syncd/syncd.toml, read 2026-03-01T09:48:00Z",
        "coverage: 90 of 91 scopes complete; 1 denied",
        "next: all at 2026-03-01T13:12:00Z (in 12 min)",
        "warning: the disk is nearly full",
        "",
        "run 13 (control) of accounts 1*, since 2026-03-01T12:59:00Z, 60 s",
        "3/8+ scopes · 3,402 resources · 210 calls · 3 created, 1 updated, 0 deleted · 1 incomplete · about 41 s left",
        "PLACE               SCOPES  INCOMPLETE  RESOURCES",
        "aws                 3/8              1       1020",
        "  111 (production)  3/6              1       1020",
        "    eu-west-1       1/2              0         20",
        "    us-east-1       2/4              1       1000",
        "  222               0/2              0          0",
        "    eu-west-1       0/2              0          0",
        "",
        "waiting",
        "REQUEST  TRIGGER  ASKED                 BY    SELECTION",
        "      3  control  2026-03-01T12:59:30Z  anna  everything",
        "",
        "last runs",
        "RUN  STARTED               STATE       TRIGGER   SECONDS  NODES  CREATED  UPDATED  DELETED  REASON",
        " 12  2026-03-01T12:00:00Z  incomplete  schedule     31.2   3402        3        1        0  -",
    ]


def test_status_of_a_daemon_with_nothing_to_do_is_short() -> None:
    empty = {**QUIET, "coverage": {}, "configuration": {"files": [], "loaded": "", "refused": ""}}
    text = list(lines(empty, NOW, colours=False))
    assert text[2:] == ["configuration: no file, all defaults, read -", "coverage: nothing read yet"]


def test_status_says_what_holds_the_daemon_back() -> None:
    settings = {"files": ["/a"], "loaded": "", "refused": "/a: sync.attempts: found 0"}
    text = list(lines({**QUIET, "paused": True, "configuration": settings}, NOW, colours=False))
    assert "what is in the files now was refused: /a: sync.attempts: found 0" in text
    assert "paused: nothing starts until: syncctl resume" in text


def test_status_says_how_it_is_with_the_queues_that_tell_of_changes() -> None:
    queue = {"collector": "aws", "queue": "arn:q", "last": "2026-03-01T12:59:57Z", "waiting": 2, "at_hand": 1}
    deaf = {"collector": "aws", "queue": "arn:p", "last": "", "waiting": -1, "at_hand": 0, "trouble": "no"}
    told = [{**queue, "set_aside": 1, "trouble": ""}, {**deaf, "set_aside": 0}]
    assert [line for line in lines({**QUIET, "hearing": told}, NOW, colours=False) if "hears" in line] == [
        "hears: aws arn:q: last message 3 s ago, 3 waiting, 1 set aside",
        "hears: aws arn:p: no message yet, 0 waiting, 0 set aside",
    ]


def test_a_run_without_an_estimate_has_none() -> None:
    run = {**GOING_ON, "remaining_seconds": None, "places": []}
    text = list(lines({**QUIET, "run": run}, NOW, colours=False))
    assert text[-1].endswith("1 incomplete")


def test_names_of_strangers_cannot_move_the_cursor() -> None:
    hostile = json.loads(json.dumps(STATUS).replace("production", "\\u001b[2J").replace("anna", "\\u009b1A"))
    assert all(line.isprintable() for line in lines(hostile, NOW, colours=False))


def test_status_asks_once_and_tells(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/status"] = says(STATUS)
    done = ctl("status")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("syncd 0.2.0 running: process 4242")
    assert control.asked == [Asked("GET", "/v1/status", {}, None)]


@pytest.mark.parametrize("output", ["json", "ndjson", "yaml"])
def test_status_for_programs_is_the_answer_as_it_is(ctl: Ask, control: Control, output: str) -> None:
    control.answers["GET /v1/status"] = says(STATUS)
    done = ctl("status", "-o", output)
    assert parsed(done.out, output) == STATUS
    assert (done.out.count("\n") == 1) == (output == "ndjson")


def test_a_name_that_the_terminals_encoding_lacks_is_escaped(desk: Desk, control: Control) -> None:
    control.answers["GET /v1/status"] = says({**QUIET, "warnings": ["東京"]})
    desk.environment["PYTHONIOENCODING"] = "ascii"
    with desk.start("syncctl", "status", "--socket", str(control.path)) as process:
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert "warning: \\u6771\\u4eac\n" in out


def parsed(text: str, output: str) -> Any:
    return pytest.importorskip("yaml").safe_load(text) if output == "yaml" else json.loads(text)


def test_watching_the_status_goes_on_until_ctrl_c(desk: Desk, control: Control) -> None:
    control.answers["GET /v1/status"] = [says(QUIET), says({**QUIET, "state": "paused"})]
    with watching(desk, control, subprocess.PIPE) as process:
        assert process.stdout
        while "syncd 0.2.0 paused" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")
    assert "\x1b" not in out


def watching(desk: Desk, control: Control, stdout: int) -> subprocess.Popen[str]:
    return desk.start("syncctl", "status", "--watch", "0.1", "--socket", str(control.path), stdout=stdout)


def test_on_a_terminal_watching_redraws_in_place(desk: Desk, control: Control) -> None:
    control.answers["GET /v1/status"] = says(QUIET)
    ours, theirs = pty.openpty()
    desk.environment["TERM"] = "xterm"
    with watching(desk, control, theirs) as process:
        os.close(theirs)
        shown = b""
        while shown.count(b"\x1b[H") < 3:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    os.close(ours)
    first, second = shown.split(b"\x1b[H")[1:3]
    assert first == second


def test_a_redrawn_screen_is_cut_to_the_terminals_height() -> None:
    assert list(redrawn(["a", "b"], 24)) == ["\x1b[H\x1b[?7la\x1b[K", "b\x1b[K", "\x1b[?7h\x1b[J"]
    long = list(redrawn([str(number) for number in range(30)], 10))
    assert len(long) == 10
    assert long[-2:] == ["… 22 more lines\x1b[K", "\x1b[?7h\x1b[J"]


def test_watching_ends_when_the_daemon_goes_away(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/status"] = [says(QUIET), Canned(raw=b"")]
    done = ctl("status", "--watch", "0.1")
    assert done.code == 6
    assert "went away" in done.err


def test_lists_are_watched_as_well(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/runs"] = [says({"runs": []}), Canned(raw=b"")]
    done = ctl("runs", "list", "--watch", "0.1", "-o", "csv")
    assert (done.code, done.out.count("run,started")) == (6, 1)


@pytest.mark.parametrize("seconds", ["0", "x", "nan", "inf"])
def test_an_impossible_pause_between_looks_is_wrong_usage(ctl: Ask, seconds: str) -> None:
    assert ctl("status", "--watch", seconds).code == 2


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "0 s"), (0.4, "0 s"), (41, "41 s"), (720, "12 min"), (11520, "3 h 12 min"), (183_600, "2 d 3 h")],
)
def test_durations_are_said_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert lasting(seconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(512, "512 bytes"), (1500, "1.5 kB"), (132.4e6, "132.4 MB"), (2e9, "2.0 GB"), (3.5e15, "3,500.0 TB")],
)
def test_sizes_are_said_in_one_unit(count: float, expected: str) -> None:
    assert sized(count) == expected


def test_a_selection_is_said_in_words() -> None:
    assert selected({"kinds": [], "accounts": []}) == "everything"
    assert selected({"accounts": ["1", "2"], "kinds": ["a\x1b"]}) == "accounts 1, 2; kinds a\\x1b"


def test_a_run_that_failed_before_it_had_figures_is_told_all_the_same() -> None:
    told = ended({"run": 1, "state": "failed", "reason": "no\x1b", "seconds": None}, colours=False)
    assert told == "run 1 failed (no\\x1b) in 0.0 s: 0 resources; 0 created, 0 updated, 0 deleted; 0 calls"


def test_a_look_at_the_status_loads_nothing_heavy(desk: Desk, control: Control) -> None:
    control.answers["GET /v1/status"] = says(STATUS)
    python, *arguments = command("syncctl", "status", "--socket", str(control.path))
    alone = {name: value for name, value in desk.environment.items() if name not in MEASURING}
    done = subprocess.run(
        [python, "-X", "importtime", *arguments], env=alone, capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "syncd.cli.client" in loaded
    heavy = {"aiohttp", "asyncio", "collectors", "msgspec", "sqlite3", "structlog", "uvloop"}
    assert not {name for name in loaded if name == "syncd.config" or name.partition(".")[0] in heavy}
