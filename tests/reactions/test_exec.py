"""exec: a program is told the notice, and its exit status is the answer; nothing of it outlives the delivery."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from reactions.exec import ExecSettings, reaction
from syncd.config_text import converted
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.plugin import Receipt
from tests.egress.servers import NOW, leaving
from tests.reactions.contract.notices import FIRING, HOSTILE
from tests.reactions.contract.points import CANARY, secrets_in


def told(program: str, *arguments: str, **more: Any) -> ExecSettings:
    """Settings that run this Python text."""
    table = {"command": [sys.executable, "-Sc", program, *arguments], **more}
    settings, wrong = converted(table, ExecSettings)
    assert not wrong, wrong
    assert isinstance(settings, ExecSettings)
    return settings


async def delivered(settings: ExecSettings, notice: Any = FIRING, attempt: int = 1) -> Receipt:
    async with leaving() as egress:
        context = egress.attempt(NOW, attempt, {}, secrets_in(settings))
        return await reaction.deliver(context, settings, notice)


async def failed(settings: ExecSettings) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await delivered(settings)
    return caught.value


async def test_a_program_is_given_the_notice_as_json_and_its_output_is_the_answer() -> None:
    program = "import json, sys; notice = json.load(sys.stdin); print(notice['version'], notice['title'], sys.argv[1:])"
    receipt = await delivered(told(program, "$(id)", "a b"))
    assert receipt.answer == "1 2 buckets are public ['$(id)', 'a b']"


async def test_where_no_file_can_be_made_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    await failed(told("exit(1)"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert "cannot be started: No such file" in (await failed(told("pass"))).reason
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_a_program_has_an_environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_SYNCD", "hidden")
    names = "import os; print(*sorted(os.environ), os.environ['SYNCD_ATTEMPT'], os.getcwd())"
    said = (await delivered(told(names, environment={"EXTRA": "1"}), attempt=2)).answer.split()
    expected = {"EXTRA", "LANG", "PATH", "SYNCD_ATTEMPT", "SYNCD_INCIDENT", "SYNCD_NOTICE", "SYNCD_RULE"}
    assert set(said) - {"LC_CTYPE"} == expected | {"SYNCD_SEVERITY", "SYNCD_STATE", "2", "/"}


@pytest.mark.parametrize(("status", "outcome"), [(75, Retry), (1, Retry), (127, Retry), (65, Rejected)])
async def test_the_exit_status_says_whether_another_attempt_is_worth_it(
    status: int, outcome: type[DeliveryError]
) -> None:
    error = await failed(told(f"import sys; print('no such queue'); sys.exit({status})"))
    assert type(error) is outcome
    assert error.reason == f"{sys.executable}: exit status {status}: no such queue"


async def test_a_program_that_is_ended_by_a_signal_is_tried_again() -> None:
    error = await failed(told("import os; os.kill(os.getpid(), 15)"))
    assert isinstance(error, Retry)
    assert error.reason.endswith("ended by signal 15")


@pytest.mark.parametrize("command", ["/no/such/program", "/etc/passwd"])
async def test_a_program_that_cannot_be_started_is_tried_again(command: str) -> None:
    error = await failed(ExecSettings(command=(command,)))
    assert isinstance(error, Retry)
    assert error.reason.startswith(f"{command}: cannot be started: ")


async def test_a_program_that_takes_too_long_is_killed_with_all_it_has_started(tmp_path: Path) -> None:
    settings = told(family(tmp_path, "time.sleep(60)"), timeout_seconds=1.0)
    error = await failed(settings)
    assert isinstance(error, Retry)
    assert error.reason == f"{sys.executable}: killed after 1 s"
    assert await ended(tmp_path)


async def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """It holds standard output open: nobody waits for it."""
    begun = time.monotonic()
    receipt = await delivered(told(family(tmp_path, "print('done')")))
    assert receipt.answer == "done"
    assert time.monotonic() - begun < 5
    assert await ended(tmp_path)


async def test_a_delivery_that_is_cancelled_leaves_no_program_behind(tmp_path: Path) -> None:
    task = asyncio.create_task(delivered(told(family(tmp_path, "time.sleep(60)"))))
    while not (tmp_path / "child").exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ended(tmp_path)


async def test_endless_output_is_cut_and_does_not_stop_the_program() -> None:
    receipt = await delivered(told("import sys\nfor _ in range(300): sys.stdout.write('x' * 10_000)"))
    assert receipt.answer.startswith("xxx")
    assert len(receipt.answer) == 300


async def test_a_program_need_not_read_what_it_is_given() -> None:
    assert (await delivered(told("print('ok')"), HOSTILE)).answer == "ok"


async def test_what_a_program_says_is_told_without_the_secrets_of_its_environment() -> None:
    error = await failed(
        told("import os; print(os.environ['TOKEN']); raise SystemExit(1)", environment={"TOKEN": CANARY})
    )
    assert error.reason == f"{sys.executable}: exit status 1: ***"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"command": []}, "command"),
        ({"command": ["sh", "-c", "true"]}, "absolute path"),
        ({"command": "/bin/true"}, "expected a list"),
        ({"command": ["/bin/true"], "directory": "here"}, "an absolute path"),
    ],
)
def test_what_is_no_program_is_an_error_of_the_configuration(table: dict[str, Any], said: str) -> None:
    _, wrong = converted(table, ExecSettings)
    assert said in " ".join(each.key("target") + each.text for each in wrong)


def family(place: Path, then: str) -> str:
    """A program that starts another one, which holds its output open, and tells its number."""
    child = f"import os, time; open({str(place / 'new')!r}, 'w').write(str(os.getpid())); "
    child += f"os.rename({str(place / 'new')!r}, {str(place / 'child')!r}); time.sleep(60)"
    wait = f"while not os.path.exists({str(place / 'child')!r}): time.sleep(0.005)"
    return f"import os, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-Sc', {child!r}])\n{wait}\n{then}"


async def ended(place: Path) -> bool:
    """Whether the other one is gone; a zombie is."""
    number = int((place / "child").read_text())
    for _ in range(200):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        await asyncio.sleep(0.01)
    return False
