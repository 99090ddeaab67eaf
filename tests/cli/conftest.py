"""The commands as a user has them: real processes, real files, the fake cloud installed as a collector."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

from syncd.cli import syncctl
from tests.conftest import MEASURING, ROOT, install_fake
from tests.fakes.born import Born, nursery
from tests.fakes.control import Control, listening

MODULES = {"syncd": "syncd.cli.syncd", "syncctl": "syncd.cli.syncctl"}


def command(program: str, *arguments: str) -> list[str]:
    main = f"import sys; from {MODULES[program]} import main; sys.exit(main())"
    return [sys.executable, "-c", main, *arguments]


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """The one line on stderr."""
        assert self.out == ""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


def written(file: IO[str]) -> str:
    """All of it, whoever wrote it."""
    file.seek(0)
    return file.read()


def names(answer: Answer) -> list[str]:
    """Of the resources that a command told as JSON."""
    assert answer.code == 0, answer.err
    return [row["name"] for row in json.loads(answer.out)]


@dataclass(frozen=True)
class Desk:
    """A directory with a configuration and a store, and a shell to type into."""

    place: Path
    environment: dict[str, str]

    @property
    def store(self) -> Path:
        return self.place / "s.db"

    def configure(self, **settings: str) -> None:
        lines = [f"{key} = {value}" for key, value in settings.items()]
        text = f'[store]\npath = "{self.store}"\n[log]\nlevel = "error"\n[fake]\n'
        (self.place / "syncd.toml").write_text(text + "\n".join(lines))

    def run(self, program: str, *arguments: str) -> Answer:
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            code = self.bear(program, *arguments, out=out, err=err).wait(60)
            return Answer(code, written(out), written(err))

    def bear(self, program: str, *arguments: str, out: IO[str], err: IO[str]) -> Born:
        entry = f"{MODULES[program]}:main"
        return nursery.bear(entry, *arguments, place=self.place, environment=self.environment, out=out, err=err)

    def start(self, program: str, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """By an interpreter of its own."""
        return subprocess.Popen(
            command(program, *arguments),
            cwd=self.place,
            env=self.environment,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sync(self, **settings: str) -> Answer:
        self.configure(**settings)
        return self.run("syncd", "sync")


def desk_at(place: Path) -> Desk:
    paths = os.pathsep.join([str(ROOT), str(install_fake(place))])
    own = {"PYTHONPATH": paths, "SYNCD_CONFIG": str(place / "syncd.toml")}
    desk = Desk(place, dict(os.environ) | MEASURING | own)
    desk.configure()
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_at(tmp_path)


Ask = Callable[..., Answer]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """A command in this very process, for what needs none of its own."""

    def asked(main: Callable[[Sequence[str]], int], *arguments: object) -> Answer:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Answer(code, *capsys.readouterr())

    return asked


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """A daemon that answers as it is told."""
    with listening(tmp_path / "c.sock") as control:
        yield control


@pytest.fixture
def ctl(ask: Ask, control: Control) -> Ask:
    """syncctl, asking that daemon."""
    return lambda *arguments: ask(syncctl.main, *arguments, "--socket", control.path)
