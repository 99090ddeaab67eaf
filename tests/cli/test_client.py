"""What asking the daemon promises: the right socket, the daemon's own words, and one line for all that can go wrong."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

import syncd
from syncd.cli.client import Daemon, socket_file
from syncd.cli.exits import DaemonDown, NotAllowed
from syncd.errors import SyncdError
from tests.conftest import ROOT
from tests.fakes.control import Asked, Canned, Control, listening, refuses, says, streams


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with listening(tmp_path / "c.sock") as control:
        yield control


@pytest.fixture
def daemon(control: Control) -> Daemon:
    return Daemon(control.path, patience=5.0)


def test_the_socket_that_is_named_comes_first_then_the_environment(tmp_path: Path) -> None:
    environment = {"SYNCD_SOCKET": "/there/s.sock", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert socket_file(Path("/here.sock"), environment) == Path("/here.sock")
    assert socket_file(None, environment) == Path("/there/s.sock")


def test_the_systems_socket_comes_before_the_users_own(tmp_path: Path) -> None:
    system, own = tmp_path / "system.sock", tmp_path / "syncd" / "control.sock"
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert socket_file(None, environment, system) == system
    own.parent.mkdir()
    own.touch()
    assert socket_file(None, environment, system) == own
    system.touch()
    assert socket_file(None, environment, system) == system


def test_without_a_runtime_directory_it_is_the_systems_socket(tmp_path: Path) -> None:
    assert socket_file(None, {}, tmp_path / "none.sock") == tmp_path / "none.sock"


def test_a_question_has_only_what_is_given(control: Control, daemon: Daemon) -> None:
    control.answers["GET /v1/runs"] = says({"runs": []})
    assert daemon.get("/v1/runs", limit=0, type="a b&c", since=None, resource="") == {"runs": []}
    assert control.asked == [Asked("GET", "/v1/runs", {"limit": "0", "type": "a b&c"}, None)]


def test_a_command_has_a_json_body(control: Control, daemon: Daemon) -> None:
    control.answers["POST /v1/sync"] = says({"request": 3}, 202)
    assert daemon.post("/v1/sync", {"kinds": ["ü"]}) == {"request": 3}
    assert daemon.post("/v1/sync") == {"request": 3}
    assert [asked.body for asked in control.asked] == [{"kinds": ["ü"]}, {}]


def test_a_stream_gives_each_line_before_the_next_is_there(control: Control, daemon: Daemon) -> None:
    control.answers["GET /v1/events"] = streams({"seq": 1}, {"seq": 2}, held=True)
    lines = daemon.stream("/v1/events", since=0)
    assert [next(lines), next(lines)] == [{"seq": 1}, {"seq": 2}]
    lines.close()


@pytest.mark.parametrize("file", ["none", "left"])
def test_without_a_daemon_it_says_how_to_start_one(tmp_path: Path, file: str) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    with pytest.raises(DaemonDown) as caught:
        Daemon(tmp_path / file).get("/v1/status")
    start = "start it with: systemctl start syncd (or: syncd run)"
    assert str(caught.value) == f"no syncd daemon answers at {tmp_path / file}; {start}"


STRANGER = """
import os, sys
from pathlib import Path
from syncd.cli.client import Daemon
from syncd.errors import SyncdError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    Daemon(Path(sys.argv[1])).get("/v1/status")
except SyncdError as error:
    print(type(error).__name__, error, sep=": ")
"""


def test_a_socket_that_is_not_for_this_user_says_what_to_do(control: Control) -> None:
    control.path.chmod(0)
    command = [sys.executable, "-c", STRANGER, str(control.path)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"NotAllowed: you may not use {control.path}: join the group syncd, or use sudo\n"


def test_a_path_that_no_socket_can_have_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SyncdError, match="too long"):
        Daemon(tmp_path / ("x" * 200)).get("/v1/status")


def test_what_is_forbidden_is_told_in_the_daemons_words(control: Control, daemon: Daemon) -> None:
    control.answers["POST /v1/pause"] = refuses(403, "forbidden", "only members of syncd-admin may pause")
    with pytest.raises(NotAllowed, match=r"^only members of syncd-admin may pause$"):
        daemon.post("/v1/pause")


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_what_is_refused_is_told_in_the_daemons_words(control: Control, daemon: Daemon, status: int) -> None:
    control.answers["GET /v1/runs/9"] = refuses(status, "some_code", "there is no run 9")
    with pytest.raises(SyncdError, match=r"^there is no run 9$") as caught:
        daemon.get("/v1/runs/9")
    assert type(caught.value) is SyncdError


def test_a_refused_stream_is_told_like_any_other(control: Control, daemon: Daemon) -> None:
    control.answers["GET /v1/requests/9/follow"] = refuses(404, "not_found", "request 9 is not known")
    with pytest.raises(SyncdError, match="request 9 is not known"):
        next(daemon.stream("/v1/requests/9/follow"))


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("0.0.9", "the daemon 0.0.9 is older than this syncctl"),
        ("99.10.0", "the daemon 99.10.0 is newer than this syncctl"),
        (syncd.__version__, "restart it: it may still run what an update has replaced"),
    ],
)
def test_a_daemon_of_another_version_is_named(control: Control, daemon: Daemon, theirs: str, expected: str) -> None:
    control.answers["GET /v1/version"] = says({"version": theirs, "api": 1})
    with pytest.raises(SyncdError, match=expected):
        daemon.get("/v1/new")


def test_a_daemon_that_does_not_even_know_its_version_ends_the_asking(daemon: Daemon) -> None:
    with pytest.raises(SyncdError, match=r"^/v1/version is not known$"):
        daemon.get("/v1/new")


@pytest.mark.parametrize(
    ("canned", "expected"),
    [
        (Canned(body=b"<html>hello"), "is no syncd daemon: '<html>hello' is no JSON object"),
        (Canned(body=b"[1]"), "no JSON object"),
        (Canned(body=b"\xff"), "no JSON object"),
        (Canned(body=b"[" * 100_000), "no JSON object"),
        (Canned(status=502, body=b"bad"), "no JSON object"),
        (Canned(status=502, body=b'{"error": "bad"}'), "answers 502 to /v1/status"),
        (Canned(status=301, body=b"{}"), "answers 301 to /v1/status"),
        (Canned(raw=b"SSH-2.0-OpenSSH\r\n"), "it does not speak HTTP"),
    ],
)
def test_what_answers_but_is_no_daemon_is_said(control: Control, daemon: Daemon, canned: Canned, expected: str) -> None:
    control.answers["GET /v1/status"] = canned
    with pytest.raises(SyncdError, match=expected) as caught:
        daemon.get("/v1/status")
    assert not isinstance(caught.value, DaemonDown)


@pytest.mark.parametrize("canned", [Canned(body=b'{"a": 1}', cut=True), Canned(raw=b"")])
def test_an_answer_that_is_cut_off_is_a_daemon_that_went_away(control: Control, daemon: Daemon, canned: Canned) -> None:
    control.answers["GET /v1/status"] = canned
    with pytest.raises(DaemonDown, match="went away in the middle of an answer"):
        daemon.get("/v1/status")


@pytest.mark.parametrize("canned", [streams({"seq": 1}, cut=True), Canned(lines=[b'{"seq": 1}\n', b'{"seq": 2'])])
def test_a_stream_that_is_cut_off_gives_what_came_before(control: Control, daemon: Daemon, canned: Canned) -> None:
    control.answers["GET /v1/events"] = canned
    lines = daemon.stream("/v1/events")
    assert next(lines) == {"seq": 1}
    with pytest.raises(DaemonDown, match="went away in the middle of an answer"):
        next(lines)


def test_a_daemon_that_hangs_is_not_waited_for_without_end(control: Control) -> None:
    control.answers["GET /v1/status"] = Canned(lines=[], held=True)
    with pytest.raises(SyncdError, match=r"gave no answer within 0\.1 s"):
        Daemon(control.path, patience=0.1).get("/v1/status")


def test_a_stream_may_be_silent_for_longer_than_an_answer(control: Control) -> None:
    control.answers["GET /v1/events"] = streams({"seq": 1}, held=True)
    lines = Daemon(control.path, patience=0.1).stream("/v1/events")
    assert next(lines) == {"seq": 1}
    end = Timer(0.3, control.closing.set)
    end.start()
    assert list(lines) == []
    end.join()
