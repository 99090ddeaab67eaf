"""What `syncd` promises at the prompt: exit codes, one line for an error, a summary, no damage when it is stopped."""

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

import syncd
from syncd.cli.syncd import main
from syncd.store.files import FileLock
from tests.cli.conftest import Ask, Desk, command
from tests.conftest import ROOT


def test_the_version_is_told_without_loading_anything_but_python_itself() -> None:
    code = "import sys; from syncd.__main__ import main; sys.exit(main(['--version']))"
    alone = [sys.executable, "-S", "-c", code]  # -S: no installed package can be imported
    done = subprocess.run(alone, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == f"syncd {syncd.__version__}\n"


def test_it_runs_as_a_module(desk: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncd", "check"], env=desk.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ok: ")


@pytest.mark.parametrize("words", [(), ("sync",), ("accept",), ("check",)])
def test_every_command_has_help_with_its_exit_codes(ask: Ask, words: tuple[str, ...]) -> None:
    shown = ask(main, *words, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert "exit codes:" in shown.out
    assert ask(main, "help", *words) == shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("snc",), "did you mean sync?; see syncd --help"),
        (("sync", "--conf", "x"), "syncd: unrecognized arguments: --conf x; see syncd --help"),
        (("accept",), "syncd accept: the following arguments are required: SCOPE; see syncd accept --help"),
        (("sync", "-o", "xml"), "argument -o/--output: invalid choice: 'xml'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(ask: Ask, words: tuple[str, ...], line: str) -> None:
    answer = ask(main, *words)
    assert answer.code == 2
    assert line in answer.told


def test_without_a_command_it_shows_help_and_fails(ask: Ask) -> None:
    answer = ask(main)
    assert (answer.code, answer.out) == (2, "")
    assert "usage: syncd" in answer.err


def test_a_complete_sync_ends_with_0_and_says_where_the_store_is(desk: Desk) -> None:
    done = desk.sync(boxes="{ a = 1, b = 2 }")
    assert (done.code, done.err) == (0, "")
    assert "run 1 complete" in done.out
    assert "read with a fake cloud" in done.out
    assert done.out.endswith(f"store: {desk.store}\n")


def test_an_incomplete_sync_ends_with_3_and_names_the_missing_permission(desk: Desk) -> None:
    desk.sync()
    done = desk.sync(denied="true")
    assert done.code == 3
    (line,) = [line for line in done.out.splitlines() if line.startswith("fake/1/r1/bags")]
    assert line.split() == ["fake/1/r1/bags", "denied", "bags:List", "bags:ListBags", "not", "for", "you"]


def test_the_summary_is_there_for_programs_too(desk: Desk) -> None:
    desk.configure(boxes="{ a = 1, b = 2 }")
    summary = json.loads(desk.run("syncd", "sync", "-o", "json", "--quiet").out)
    assert (summary["state"], summary["nodes"], summary["store"]) == ("complete", 3, str(desk.store))
    head, row = desk.run("syncd", "sync", "-o", "tsv").out.splitlines()
    assert dict(zip(head.split("\t"), row.split("\t"), strict=True))["account"] == "fake/1"


def test_quiet_says_nothing_but_the_exit_code(desk: Desk) -> None:
    desk.configure(denied="true")
    done = desk.run("syncd", "sync", "--quiet")
    assert (done.code, done.out, done.err) == (3, "", "")


def test_the_log_level_may_be_named_on_the_command_line(desk: Desk) -> None:
    desk.configure(denied="true")
    done = desk.run("syncd", "sync", "--quiet", "--log-level", "info")
    assert "scope.incomplete" in {json.loads(line)["event"] for line in done.err.splitlines()}


def test_the_store_may_be_named_on_the_command_line(desk: Desk) -> None:
    assert desk.run("syncd", "sync", "--db", "other.db").out.endswith(f"store: {desk.place}/other.db\n")
    assert not desk.store.exists()


def test_a_wrong_configuration_ends_with_2_and_one_line(desk: Desk) -> None:
    done = desk.sync(bxes="{}")
    assert done.code == 2
    assert done.told == f"syncd: {desk.place}/syncd.toml: fake.bxes: unknown key; did you mean boxes?"


def test_missing_credentials_end_with_5_and_say_what_to_do(desk: Desk) -> None:
    done = desk.sync(nobody="true")
    assert (done.code, done.told) == (5, "syncd: no login for the fake cloud: set fake.nobody = false")


def test_a_second_syncd_on_the_store_ends_with_4(desk: Desk) -> None:
    with FileLock(desk.store):
        done = desk.sync()
    assert done.code == 4
    assert f"another syncd (process {os.getpid()}) is writing" in done.told


def test_a_store_that_cannot_be_made_ends_with_1_and_one_line(desk: Desk) -> None:
    (desk.place / "file").write_text("")
    done = desk.run("syncd", "sync", "--db", "file/s.db")
    assert done.code == 1
    assert "file/s.db" in done.told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_sync_ends_with_130_and_leaves_a_consistent_store(desk: Desk, number: signal.Signals) -> None:
    desk.sync()
    desk.configure(delay="30", boxes="{ a = 2 }")
    process = desk.start("syncd", "sync")
    wait_for_run(desk, 2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "syncd: interrupted; what was committed stands and the store is consistent"
    assert desk.sync().code == 0


def wait_for_run(desk: Desk, number: int) -> None:
    """Until the store has begun a run: polled, since only the process knows when."""
    for _ in range(300):
        rows = json.loads(desk.run("syncctl", "runs", "-o", "json").out)
        if rows and rows[-1]["run"] >= number:
            return
        time.sleep(0.05)
    pytest.fail("the run never began")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error(desk: Desk, unbuffered: str) -> None:
    desk.configure(denied="true")
    desk.environment["PYTHONUNBUFFERED"] = unbuffered
    with desk.start("syncd", "sync") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(timeout=60) == 3
        assert process.stderr.read() == ""


def test_on_a_terminal_progress_is_one_live_line_that_is_taken_away(desk: Desk) -> None:
    ours, theirs = pty.openpty()
    environment = desk.environment | {"TERM": "xterm"}
    with subprocess.Popen(
        command("syncd", "sync"), env=environment, stdout=theirs, stderr=theirs, cwd=desk.place
    ) as sync:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:
                break
    os.close(ours)
    assert sync.returncode == 0
    live, _, rest = shown.decode().rpartition("\r\x1b[2K")
    assert "scopes · " in live
    assert rest.startswith("run 1 complete")
    assert "\x1b[3" not in rest  # NO_COLOR is set


def test_check_tells_every_problem_in_a_line_of_its_own(desk: Desk) -> None:
    desk.configure(bxes="{}", denied='"yes"', token="{ env = 'NOT_SET' }")
    done = desk.run("syncd", "check")
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 3


def test_check_says_what_it_has_read(desk: Desk) -> None:
    done = desk.run("syncd", "check")
    assert done.out == f"ok: {desk.place}/syncd.toml; collectors: fake; store: {desk.store}\n"
    assert not desk.store.exists()


def test_accept_believes_a_held_scope(desk: Desk) -> None:
    many = ", ".join(f"b{number} = 1" for number in range(40))
    desk.sync(boxes=f"{{ {many} }}")
    held = desk.sync(boxes="{ b1 = 1 }")
    assert held.code == 3
    assert "syncd accept 'fake/1/r1/boxes'" in held.out
    refused = desk.run("syncd", "accept", "fake/1/r1/bags")
    assert refused.code == 2
    assert "those that are: fake/1/r1/boxes" in refused.told
    accepted = desk.run("syncd", "accept", "fake/*/boxes")
    assert accepted.code == 0
    assert "39 deleted" in accepted.out


def test_accept_without_a_store_says_what_to_do(desk: Desk) -> None:
    done = desk.run("syncd", "accept", "x")
    assert done.code == 1
    assert "run syncd sync first" in done.told


def test_rich_is_left_alone_but_not_taken_from_others() -> None:
    program = (
        "import sys; from syncd.cli.plainly import import_structlog; import_structlog(); "
        "import syncd.cli.sync; assert 'rich' not in sys.modules; import rich"
    )
    pytest.importorskip("rich", reason="it comes with what the tests need, for now")
    subprocess.run([sys.executable, "-c", program], check=True)
