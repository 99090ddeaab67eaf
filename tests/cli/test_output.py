"""What tables and progress promise: aligned, harmless to a terminal, the same on every stream."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.cli.output import coloured, json_rows, printable, show, table, width
from syncd.cli.progress import ProgressLine, words
from syncd.cli.report import report
from syncd.sync.summary import IncompleteScope, Progress, RunSummary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_is_aligned_with_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    table(("name", "read_at", "nodes"), [("a", "", 5), ("東京", None, 1234)])
    assert capsys.readouterr().out == "NAME  READ AT  NODES\na     -            5\n東京  -         1234\n"


def test_a_table_without_rows_has_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    table(("name", "nodes"), [])
    assert capsys.readouterr().out == "NAME  NODES\n"


def test_states_have_colours_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    table(("state",), [("denied",)], colours=True)
    assert capsys.readouterr().out.splitlines()[1] == "\x1b[31mdenied\x1b[0m"


def test_a_name_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\u202e") == "a\\x1b[2Jb\\nc\\u202e"


def test_wide_and_combining_characters_are_measured() -> None:
    assert (width("abc"), width("東京"), width("e\u0301")) == (3, 4, 1)


def test_json_is_an_array_with_an_element_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    json_rows([])
    assert json.loads(capsys.readouterr().out) == []
    show(("a",), [(1,), ("ü",)], "json")
    assert capsys.readouterr().out == '[\n{"a": 1},\n{"a": "ü"}\n]\n'


def test_tsv_keeps_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    show(("a", "b"), [("x\ty\n\\", None)], "tsv")
    assert capsys.readouterr().out == "a\tb\nx\\ty\\n\\\\\t\n"


def test_colours_need_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert coloured(Terminal(), no_color=False)
    assert not coloured(io.StringIO(), no_color=False)
    assert not coloured(Terminal(), no_color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal(), no_color=False)


PROGRESS = Progress(scopes_total=40, scopes_done=12, nodes=3402, calls=210, created=3, incomplete=2)


def test_progress_says_how_far_it_is() -> None:
    assert (
        words(PROGRESS)
        == "12/40+ scopes · 3,402 resources · 210 calls · 3 created, 0 updated, 0 deleted · 2 incomplete"
    )
    assert words(replace(PROGRESS, discovering=False, incomplete=0)).startswith("12/40 scopes")


def test_without_a_terminal_progress_is_a_plain_line_every_five_seconds() -> None:
    stream, times = io.StringIO(), iter([0.0, 1.0, 5.0, 9.0, 10.0])
    line = ProgressLine(stream, lambda: next(times))
    for _ in range(4):
        line(PROGRESS)
    line.close()
    assert stream.getvalue() == (words(PROGRESS) + "\n") * 2


def test_on_a_terminal_logs_scroll_above_the_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, times = Terminal(), iter([0.0, 0.0, 0.05])
    line = ProgressLine(stream, lambda: next(times))
    line(PROGRESS)
    line(PROGRESS)
    line.write("a log line\n")
    line.flush()
    line.close()
    live = f"\r\x1b[2K\x1b[?7l{words(PROGRESS)}\x1b[?7h"
    assert stream.getvalue() == f"{live}\r\x1b[2Ka log line\n{live}\r\x1b[2K"


def test_a_long_list_of_incomplete_scopes_is_cut_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    scopes = tuple(IncompleteScope(f"aws/{n}/r/s", "failed", "x", "", "") for n in range(40))
    report(RunSummary(2, "incomplete", "why", incomplete=scopes), Path("/x.db"), "table", colours=False)
    text = capsys.readouterr().out
    assert "run 2 incomplete (why)" in text
    assert "… and 15 more: syncctl coverage --incomplete --why --db /x.db" in text
