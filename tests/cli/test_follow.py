"""What `syncctl events --follow` promises: each event at once, in every format, until somebody has had enough."""

import csv
import io
import json
import signal
import subprocess

import pytest

from tests.cli.conftest import Ask, Desk
from tests.fakes.control import ALIVE, EVENT, STATUS, Asked, Control, says, streams


def test_following_tells_what_is_new_in_the_readable_form(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/status"] = says(STATUS)
    control.answers["GET /v1/events"] = streams(ALIVE, EVENT, ALIVE)
    done = ctl("events", "--follow", "--type", "resource.*", "--resource", "web")
    first = "813  2026-03-01T13:00:00Z  resource.updated  box a\\x1b[2J  urn:a"
    assert (done.code, done.out) == (6, f"{first}\n    size: 1 → 3\n")
    assert done.err == f"syncctl: the daemon at {control.path} went away; it told all events until then\n"
    wanted = {"since": "812", "type": "resource.*", "resource": "web", "follow": "true"}
    assert control.asked[-1] == Asked("GET", "/v1/events", wanted, None)


def test_following_starts_after_the_event_that_is_named(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/events"] = streams(EVENT)
    ctl("events", "--follow", "--since", "120")
    assert [asked.query["since"] for asked in control.asked] == ["120"]


def test_following_knows_no_ages(ctl: Ask, control: Control) -> None:
    done = ctl("events", "--follow", "--since", "2h")
    expected = "syncctl: --since: found 2h, expected an event's number; ages and times need no --follow"
    assert (done.code, done.told, control.asked) == (2, expected, [])


@pytest.mark.parametrize("output", ["json", "ndjson"])
def test_followed_events_are_a_json_object_a_line(ctl: Ask, control: Control, output: str) -> None:
    control.answers["GET /v1/events"] = streams(EVENT, ALIVE, EVENT)
    done = ctl("events", "--follow", "--since", "0", "-o", output)
    assert [json.loads(line) for line in done.out.splitlines()] == [EVENT, EVENT]


def test_followed_events_come_in_every_format(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/events"] = streams(EVENT)
    (row,) = csv.DictReader(io.StringIO(ctl("events", "--follow", "--since", "0", "-o", "csv").out))
    assert (row["seq"], json.loads(row["body"])) == ("813", EVENT["body"])
    assert ctl("events", "--follow", "--since", "0", "-o", "tsv").out.startswith("seq\tat\t")
    assert pytest.importorskip("yaml").safe_load(ctl("events", "--follow", "--since", "0", "-o", "yaml").out) == [EVENT]


def test_a_limit_ends_the_following(ctl: Ask, control: Control) -> None:
    control.answers["GET /v1/events"] = streams(EVENT, EVENT, EVENT, held=True)
    done = ctl("events", "--follow", "--since", "0", "--limit", "2", "-o", "ndjson")
    assert (done.code, done.out.count("\n"), done.err) == (0, 2, "")


@pytest.mark.parametrize("output", ["table", "csv"])
def test_ctrl_c_ends_the_following_quietly_after_what_came(desk: Desk, control: Control, output: str) -> None:
    control.answers["GET /v1/events"] = streams(EVENT, held=True)
    with following(desk, control, output) as process:
        assert process.stdout
        while "813" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")


def following(desk: Desk, control: Control, output: str) -> subprocess.Popen[str]:
    return desk.start("syncctl", "events", "--follow", "--since", "0", "-o", output, "--socket", str(control.path))


def test_a_reader_that_goes_away_ends_the_following_with_141_although_nothing_happens(
    desk: Desk, control: Control
) -> None:
    control.answers["GET /v1/events"] = streams(EVENT, *[ALIVE] * 5000, held=True)
    with following(desk, control, "ndjson") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(timeout=20) == 141
        assert process.stderr.read() == ""
