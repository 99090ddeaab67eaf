"""What the demo tells, step by step, with syncd's real commands; Surprise when something does not go as told."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.place import Account, Credentials
from demo.shown import KINDS
from demo.surroundings import clean
from syncd.cli.output import coloured, paint

BOLD, CYAN, GREEN = "1", "36", "32"


class Surprise(Exception):
    """Something did not go as the demo tells."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where syncd runs: its configuration, its store, the keys it has."""

    config: Path
    store: Path
    keys: Credentials

    @property
    def socket(self) -> Path:
        return self.config.with_name("control.sock")

    def environment(self) -> dict[str, str]:
        keys = {"AWS_ACCESS_KEY_ID": self.keys.key, "AWS_SECRET_ACCESS_KEY": self.keys.secret}
        return clean(AWS_SHARED_CREDENTIALS_FILE=os.devnull, SYNCD_SOCKET=str(self.socket), **keys)

    def configure(self, url: str, regions: tuple[str, ...], role: str) -> None:
        self.config.write_text(
            f'[store]\npath = "{self.store}"\n\n[log]\nlevel = "warning"\n\n'
            f'[aws]\nregion = "{regions[0]}"\nregions = {json.dumps(regions)}\nendpoint_url = "{url}"\n'
            f"kinds = {json.dumps(KINDS)}\n\n"
            f'[aws.organization]\nrole = "{role}"\n'
        )


def heading(text: str) -> None:
    print("\n" + paint(f"=== {text} " + "=" * max(4, 100 - len(text)), BOLD, coloured(sys.stdout, no_color=False)))


def say(text: str) -> None:
    print(text, flush=True)


def run(stage: Stage, *command: str, expect: int = 0) -> None:
    """Shows a command and what it says, as a user would see it."""
    say(paint("$ " + " ".join(shlex.quote(word) for word in command), CYAN, coloured(sys.stdout, no_color=False)))
    ended = subprocess.run([program(command[0]), *command[1:]], env=stage.environment(), check=False)
    if ended.returncode != expect:
        raise Surprise(f"{command[0]} {command[1]} ended with {ended.returncode}, expected {expect}")


def rows(stage: Stage, *command: str) -> list[dict[str, Any]]:
    """The same for the demo's own eyes: it checks what it has told."""
    told = subprocess.run(
        [program(command[0]), *command[1:], "-o", "json"], env=stage.environment(), check=True, capture_output=True
    )
    found: list[dict[str, Any]] = json.loads(told.stdout)
    return found


def name_of(account: Account) -> str:
    return f"{account.name} ({account.id})"


def program(name: str) -> str:
    """syncd as it was installed beside this Python."""
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        raise Surprise(f"{name} is not installed beside {sys.executable}: use make demo")
    return str(program)
