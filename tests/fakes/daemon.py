"""The daemon as a real process at a desk, and a plain client of its socket."""

import http.client
import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.cli.conftest import MODULES, Desk
from tests.conftest import MEASURING
from tests.fakes.born import Born, nursery

Answer = tuple[int, Any]
"""Status and body: parsed JSON, or text."""


class Line(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, seconds: float = 20) -> None:
        super().__init__("syncd", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass
class Running:
    """`desk` has the configuration; the socket lies beside its store.

    `command` is what is started, if not by the nursery; `handed` are descriptors that it inherits.
    """

    desk: Desk
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    handed: tuple[int, ...] = ()
    measured: bool = False
    process: subprocess.Popen[str] | Born | None = None

    @property
    def socket(self) -> Path:
        return self.desk.place / "control.sock"

    @property
    def log(self) -> str:
        return (self.desk.place / "daemon.log").read_text()

    def configure(self, **fake: str) -> None:
        """Nothing is scheduled unless `sections` says so."""
        self.desk.configure(**fake)
        file = self.desk.place / "syncd.toml"
        sections: dict[str, dict[str, Any]] = {"schedule": {"cron": ""}, "control": {}} | self.sections
        sections["control"] = {"socket": str(self.socket)} | sections["control"]
        text = file.read_text().replace('level = "error"', 'level = "info"')
        for name, values in sections.items():
            lines = [f"{key} = {toml(value)}" for key, value in values.items()]
            text = "\n".join([f"[{name}]", *lines, text])
        file.write_text(text)

    def start(self) -> None:
        """Returns when it answers."""
        with (self.desk.place / "daemon.log").open("a") as log:
            self.process = started = self._started(log)
        until(lambda: self.answers() or started.poll() is not None)
        assert started.poll() is None, self.log

    def _started(self, log: IO[str]) -> subprocess.Popen[str] | Born:
        place, environment = self.desk.place, self._surroundings()
        if not self.command:
            entry = f"{MODULES['syncd']}:main"
            return nursery.bear(entry, "run", place=place, environment=environment, out=log, err=log)
        return subprocess.Popen(
            self.command, cwd=place, env=environment, pass_fds=self.handed, stdout=log, stderr=log, text=True
        )

    def _surroundings(self) -> dict[str, str]:
        """What coverage needs is left out but for those that are `measured`: it doubles the time of a start."""
        own = self.desk.environment | self.environment
        return own if self.measured else {name: value for name, value in own.items() if name not in MEASURING}

    def answers(self) -> bool:
        try:
            return self.get("/v1/version")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        line = Line(self.socket)
        try:
            line.request(method, path, None if body is None else json.dumps(body))
            answer = line.getresponse()
            text = answer.read().decode()
        finally:
            line.close()
        return answer.status, json.loads(text) if answer.getheader("Content-Type", "").startswith(JSON) else text

    def streaming(self, path: str) -> http.client.HTTPResponse:
        """A stream, to be read as it comes."""
        line = Line(self.socket)
        line.request("GET", path)
        return line.getresponse()

    def rows(self, path: str) -> list[dict[str, Any]]:
        """A stream that ends."""
        return [json.loads(line) for line in str(self.get(path)[1]).splitlines()]

    def sync(self, **selection: list[str]) -> dict[str, Any]:
        """Asks for a run and waits for its end."""
        status, asked = self.post("/v1/sync", selection)
        assert status == 202, asked
        last = self.rows(f"/v1/requests/{asked['request']}/follow")[-1]
        assert last["type"] == "finished"
        run: dict[str, Any] = last["run"]
        return run

    def begin(self, **selection: list[str]) -> int:
        """Asks for a run and waits until it goes on; its number."""
        status, asked = self.post("/v1/sync", selection)
        assert status == 202, asked
        until(lambda: self.going_on)
        return self.going_on

    @property
    def going_on(self) -> int:
        """The number of the run that goes on, 0 when there is none."""
        return int((self.status["run"] or {"run": 0})["run"])

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/v1/status")[1]
        return found

    @property
    def runs(self) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        found: list[dict[str, Any]] = self.get("/v1/runs?limit=1000")[1]["runs"]
        return found

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Lines of the log that say so."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Looks into the file, whether the daemon is up or not; where it is down the query may write."""
        connection = sqlite3.connect(self.desk.store, isolation_level=None)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def restart(self) -> None:
        """After SIGKILL."""
        self.kill()
        self.start()

    def tell(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


JSON = "application/json"


def toml(value: Any) -> str:
    """A value of TOML: JSON, but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def until(true: Any, seconds: float = 20) -> None:
    """Waits for something that a process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.02)


@contextmanager
def running(
    desk: Desk, fake: dict[str, str] | None = None, *, measured: bool = False, **sections: dict[str, Any]
) -> Iterator[Running]:
    """A daemon with the fake cloud, which is as `fake` says; ended whatever happened."""
    daemon = Running(desk, sections, measured=measured)
    daemon.configure(**(fake or {}))
    with ended(daemon):
        daemon.start()
        yield daemon


@contextmanager
def ended(daemon: Running) -> Iterator[Running]:
    """Stopped at the end whatever happened."""
    try:
        yield daemon
    finally:
        if daemon.process and daemon.process.poll() is None:
            if daemon.measured:
                daemon.stop()
            else:
                daemon.kill()
