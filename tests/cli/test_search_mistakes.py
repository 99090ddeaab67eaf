"""What `syncctl search` does with what is wrong, hostile or too much, and with its configuration."""

import io
import shlex
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.cli import search_arguments as arguments
from syncd.cli import syncctl
from syncd.cli.asking import query_text
from syncd.cli.markdown import markdown
from syncd.cli.syncctl import main
from syncd.search import guard
from syncd.search.parse import parse
from tests.cli.conftest import Answer, Ask, Desk, command, desk_at, names
from tests.cli.graphs import HOSTILE, estate


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return estate(tmp_path_factory.mktemp("search") / "s.db").path


@pytest.fixture
def ctl(ask: Ask, store: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", store)


# -- mistakes


def test_a_mistake_is_pointed_at(ctl: Ask) -> None:
    done = ctl("search", "is(fake_bx)")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[:3] == ["syncctl: there is no kind fake_bx", "  is(fake_bx)", "  ^"]


@pytest.mark.parametrize(
    "query", ["is(", "name ==", "\x1b[2J = ", "a" * 30_000, "'", "size > {", "name =~ '('", "\udcff = 1"]
)
def test_any_text_gives_an_answer_or_a_message(ctl: Ask, query: str) -> None:
    done = ctl("search", query)
    assert done.code in (0, 2)
    assert "\x1b" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--columns", "a b"),
        ("--columns", ","),
        ("--columns", "coverage.nothing"),
        ("--limit", "0"),
        ("--limit", "x"),
        ("--timeout", "-1"),
        ("--timeout", "nan"),
        ("--timeout", "x"),
    ],
)
def test_options_are_checked(ctl: Ask, arguments: tuple[str, ...]) -> None:
    assert ctl("search", "all", *arguments).code == 2


def test_a_search_that_takes_too_long_is_ended(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_STEPS", 1)  # so small a store is read before the clock is looked at
    done = ctl("search", "all <-[0:]-> <-[0:]-> <-[0:]-> <-[0:]->", "--timeout", "0.000001")
    assert (done.code, "--timeout" in done.told) == (1, True)


def test_a_file_of_an_older_schema_says_what_to_do(ctl: Ask, ask: Ask, store: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with sqlite3.connect(store) as connection, sqlite3.connect(old) as copy:
        connection.backup(copy)
        copy.execute("pragma user_version = 1")
    for words in (("search", "all"), ("show", "web"), ("walk", "web", "--up")):
        told = ask(main, *words, "--db", old).told
        assert "has schema 1" in told
        assert "the next syncd sync" in told


def test_a_file_that_is_not_there_is_told(ask: Ask, tmp_path: Path) -> None:
    assert "no store there yet" in ask(main, "search", "all", "--db", tmp_path / "none.db").told


def test_nothing_is_written(ctl: Ask, store: Path) -> None:
    before = store.read_bytes()
    ctl("search", "all", "--at", "run:1")
    ctl("search", "all", "-o", "dot")
    assert store.read_bytes() == before


# -- hostile names


@pytest.mark.parametrize("output", ["table", "wide", "json", "ndjson", "yaml", "markdown", "tree", "dot"])
def test_a_name_moves_no_terminal(ctl: Ask, output: str) -> None:
    done = ctl("search", "id(evil)", "-o", output)
    assert done.code == 0
    assert "drop" in done.out
    assert not {"\x1b", "\u202e"} & set(done.out)


def test_a_name_can_be_read_back_from_json(ctl: Ask) -> None:
    assert names(ctl("search", "id(evil)", "-o", "json")) == [HOSTILE]


def test_markdown_is_not_obeyed() -> None:
    lines = list(markdown(("name", "n"), [("a|b [x](http://y) <b> `c` *d* _e_ f_g\n", 1), (None, 2.5)]))
    assert lines == [
        "| name | n |",
        "| --- | ---: |",
        r"| a\|b \[x\](http://y) &lt;b> \`c\` \*d\* \_e\_ f_g\\n | 1 |",
        "|  | 2.5 |",
    ]


# -- help


@pytest.mark.parametrize("text", [arguments.SEARCH, arguments.COUNT, arguments.AGGREGATE])
def test_the_examples_of_the_help_can_be_read(text: str) -> None:
    for line in text.splitlines():
        words = shlex.split(line.partition(" | ")[0])
        parsed = syncctl.parser().parse_args(words[1:])
        query = query_text([parsed.query] if words[1] == "count" else parsed.query)
        if words[1] == "aggregate":
            query = f"aggregate({parsed.figures}): {query}"
        parse(query, now=datetime.now(UTC))


# -- as a process


def test_the_installed_command_answers_by_the_configuration(tmp_path: Path) -> None:
    desk: Desk = desk_at(tmp_path)
    assert desk.sync(boxes="{ a = 1, b = 2 }").code == 0
    done = desk.run("syncctl", "search", "size", ">", "1", "--columns", "name,size", "-o", "tsv")
    assert done == Answer(0, "name\tsize\nb\t2\n", "")


def test_limits_and_templates_come_from_the_configuration(ctl: Ask, tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_text('[search]\nmax_rows = 1\n[search.templates]\nlarge = "size > {{than}}"\n')
    done = ctl("search", "is(fake_box) and expand(large, than=1)", "-o", "json", "--config", file)
    assert names(done) == ["db"]
    assert "only the first 1 rows" in done.err
    assert ctl("count", "expand(large, than=5)", "--config", file).out == "1\n"
    done = ctl("search", "expand(larg, than=5)", "--config", file)
    assert (done.code, "did you mean large" in done.err) == (2, True)
    file.write_text("[search]\nmax_rows = 0\n")
    assert ctl("search", "all", "--config", file).code == 2


def test_a_closed_pipe_is_quiet(tmp_path: Path, store: Path) -> None:
    desk = desk_at(tmp_path)
    words = [*command("syncctl", "search", "all", "-o", "yaml", "--db", str(store))]
    shell = f'{subprocess.list2cmdline([])}"$@" | head -1'
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *words], env=desk.environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_stdin_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, ctl: Ask) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    assert "UTF-8" in ctl("search", "-").told


def test_a_search_is_joined_by_spaces() -> None:
    assert query_text(["is(a)", "and", "b = c"]) == "is(a) and b = c"


def test_templates_of_the_configuration_can_be_used(ctl: Ask, tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_text('[search]\ntemplates = { named = "name = {{name}}" }\n')
    assert names(ctl("search", "expand(named, name=web) sort kind limit 1", "-o", "json", "--config", file)) == ["web"]
