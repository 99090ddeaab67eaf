"""Every command of syncctl that asks the daemon, through the real socket."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Answer, Desk, desk_at
from tests.conftest import MEASURING
from tests.fakes.daemon import Running, running, until


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon for all commands, after one run."""
    desk = desk_at(tmp_path_factory.mktemp("asked"))
    with running(desk, fake={"denied": "true"}, measured=True) as daemon:
        daemon.desk.environment["SYNCD_SOCKET"] = str(daemon.socket)
        daemon.sync()
        yield daemon


def ctl(daemon: Running, *arguments: str) -> Answer:
    return daemon.desk.run("syncctl", *arguments)


@pytest.mark.parametrize(
    ("line", "code", "parts"),
    [
        ("status", 0, ["idle: process", "1 of 2 scopes complete; 1 denied", "last runs"]),
        ("sync", 0, ["request "]),
        ("sync --wait", 3, ["request ", "incomplete in", "1 resources"]),
        ("sync --collector fake --account 1 --region r1 --kind fake_box --wait", 3, ["incomplete"]),
        ("runs list", 0, ["TRIGGER", "control"]),
        ("runs show 1", 0, ["workflow", "post_generate_metrics"]),
        ("runs log 1", 0, ["fake/1/r1/boxes", "denied"]),
        ("workflows list", 0, ["collect_and_cleanup", "pre_cleanup_plan"]),
        ("workflows run metrics --wait", 0, ["complete"]),
        ("events --follow --since 0 --limit 2", 0, ["run.started"]),
        ("collectors list", 0, ["fake"]),
        ("accounts list", 0, ["fake", "INCOMPLETE"]),
        ("config show", 0, ["store.path", "fake.token", "***"]),
        ("config check", 0, ["ok: "]),
        ("reload", 0, ["reloaded: "]),
        ("pause", 0, ["paused"]),
        ("resume", 0, ["not paused"]),
        ("debug tasks", 0, ["schedule", "store-writer"]),
        ("debug limits", 0, ["calls under way"]),
        ("version", 0, ["syncctl", "syncd"]),
    ],
)
def test_a_command_does_what_it_says(asked: Running, line: str, code: int, parts: list[str]) -> None:
    answer = ctl(asked, *line.split())
    assert answer.code == code, answer
    assert all(part in answer.out for part in parts), answer.out


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("runs show 999", 1, "there is no run 999"),
        ("runs cancel 999", 1, "run 999 is not the one that goes on"),
        ("accept fake/9/*", 1, "no scope that matches fake/9/* is held or retired"),
        ("sync --collector azure", 1, "no collector azure is configured; expected one of: "),
        ("workflows run tidy", 1, "there is no workflow tidy; expected one of: collect"),
    ],
)
def test_what_cannot_be_done_is_one_line(asked: Running, line: str, code: int, part: str) -> None:
    answer = ctl(asked, *line.split())
    assert (answer.code, part in answer.told) == (code, True), answer


@pytest.mark.parametrize("output", ["json", "yaml", "ndjson"])
def test_the_status_is_told_in_every_format(asked: Running, output: str) -> None:
    answer = ctl(asked, "status", "-o", output)
    assert answer.code == 0
    if output != "yaml":
        assert json.loads(answer.out)["state"] == "idle"


def test_a_held_scope_is_accepted_and_waited_for(desk: Desk) -> None:
    boxes = ", ".join(f'"b{number}" = 1' for number in range(40))
    with running(desk, fake={"boxes": "{ " + boxes + " }"}) as daemon:
        desk.environment["SYNCD_SOCKET"] = str(daemon.socket)
        daemon.sync()
        daemon.configure()
        assert ctl(daemon, "reload").code == 0
        assert ctl(daemon, "sync", "--wait").code == 3
        answer = ctl(daemon, "accept", "fake/1/r1/*", "--wait", "-o", "json")
        told = json.loads(answer.out)
        assert (answer.code, told["scopes"], told["run"]["deleted"]) == (0, ["fake/1/r1/boxes"], 40)


def test_events_are_followed_until_interrupted(desk: Desk) -> None:
    with running(desk) as daemon:
        desk.environment["SYNCD_SOCKET"] = str(daemon.socket)
        with desk.start("syncctl", "events", "--follow", "-o", "ndjson") as following:
            assert following.stdout
            until(lambda: daemon.get("/v1/debug/tasks")[1])
            time.sleep(1)  # the follower has asked where to begin
            daemon.sync()
            first: dict[str, Any] = json.loads(following.stdout.readline())
            following.send_signal(signal.SIGINT)
            assert (first["type"], following.wait(10)) == ("control.command", 130)


def test_a_run_that_goes_on_is_cancelled(desk: Desk) -> None:
    with running(desk, fake={"delay": "60.0"}) as daemon:
        desk.environment["SYNCD_SOCKET"] = str(daemon.socket)
        daemon.post("/v1/sync", {})
        until(lambda: daemon.status["run"])
        assert "run 1 ends" in ctl(daemon, "runs", "cancel", "1").out
        until(lambda: daemon.status["run"] is None)
        assert daemon.runs[0]["state"] == "cancelled"


def test_a_look_at_the_status_is_cheap(asked: Running) -> None:
    """No library that it does not need: the figure is in docs/performance.md."""
    code = "import sys; from syncd.cli.syncctl import main; main(['status']); print(*sys.modules, file=sys.stderr)"
    alone = {name: value for name, value in asked.desk.environment.items() if name not in MEASURING}
    done = subprocess.run([sys.executable, "-c", code], env=alone, capture_output=True, text=True, check=True)
    assert not {"aiohttp", "asyncio", "msgspec", "botocore", "collectors", "sqlite3"} & set(done.stderr.split())
