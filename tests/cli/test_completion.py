"""Completion as a shell does it: the script is loaded by a real one."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import syncctl, syncd


@pytest.mark.parametrize(
    ("main", "program", "typed", "offered"),
    [
        (syncctl.main, "syncctl", "st", {"status", "store"}),
        (syncctl.main, "syncctl", "runs ca", {"cancel"}),
        (syncctl.main, "syncctl", "store ba", {"backup"}),
        (syncctl.main, "syncctl", "coverage --in", {"--incomplete"}),
        (syncctl.main, "syncctl", "coverage -o nd", {"ndjson"}),
        (syncctl.main, "syncctl", "deliveries --state d", {"due", "done", "dead"}),
        (syncctl.main, "syncctl", "targets te", {"test"}),
        (syncctl.main, "syncctl", "notify --y", {"--yes"}),
        (syncd.main, "syncd", "ru", {"run"}),
    ],
)
def test_bash_completes_commands_options_and_choices(
    ask: Any, tmp_path: Path, main: Callable[..., int], program: str, typed: str, offered: set[str]
) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(ask(main, "completion", "bash").out)
    words = [program, *typed.split(" ")]
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (
        f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        f"$(complete -p {program} | sed -E 's/.*-F ([^ ]+).*/\\1/') {program} '{words[-1]}' '{words[-2]}'; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
    assert {line.strip() for line in done.stdout.splitlines()} == offered, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("main", [syncctl.main, syncd.main])
def test_a_shell_takes_its_script(ask: Any, tmp_path: Path, main: Callable[..., int], shell: str) -> None:
    script = tmp_path / "script"
    script.write_text(ask(main, "completion", shell).out)
    assert script.stat().st_size > 1000
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused_with_those_there_are(ask: Any) -> None:
    answer = ask(syncctl.main, "completion", "ksh")
    assert answer.code == 2
    assert "bash" in answer.err
