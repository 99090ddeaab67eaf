"""The demo runs to its end by itself and tells what it promises."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.cli.syncctl import main
from syncd.errors import QueryError
from syncd.search.answer import Asking, Question
from tests.demo.examples import examples
from tests.fakes.once import once
from tests.search.resoto_examples import EXAMPLES

pytestmark = pytest.mark.timeout(300)  # the first test waits until the demo has run

ROOT = Path(__file__).parents[2]
EMPTY = [
    "search coverage.age > 1d --count",
]
"""Examples to which the estate has nothing: it is a minute old."""
HEADINGS = (
    "1. A cloud on this machine",
    "2. The first sync",
    "3. Meanwhile",
    "4. The second sync",
    "5. What changed, field by field",
    "6. How complete the picture is",
    "7. Ask the graph",
    "All went as told",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "demo", _run)


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """What it prints."""
    return (folder / "told").read_text()


def _run(folder: Path) -> None:
    """Started as a user with credentials and settings of his own would start it."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "AWS_ACCESS_KEY_ID": "AKIAUSERSOWN",
        "AWS_PROFILE": "of-the-user",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "SYNCD_CONFIG": "/nowhere/syncd.toml",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (folder / "told").write_text(ended.stdout)


def test_it_tells_its_story_in_order_and_without_colours(told: str) -> None:
    places = [told.find(f"=== {heading}") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    assert "\x1b" not in told


def test_it_shows_both_summaries(told: str) -> None:
    assert "run 1 complete" in told
    assert "run 2 incomplete" in told


def test_it_shows_what_changed_field_by_field(told: str) -> None:
    assert "resource.created  aws_sqs_queue refunds" in told
    assert "resource.deleted  aws_ec2_volume import-scratch" in told
    assert "resource.updated  aws_ec2_security_group database" in told
    assert "0.0.0.0/0" in told.partition("aws_ec2_security_group database")[2].splitlines()[1]


def test_it_shows_the_missing_permission(told: str) -> None:
    table = told.partition("=== 6.")[2].partition("=== 7.")[0]
    assert table.count("secretsmanager:ListSecrets  secretsmanager:ListSecrets") == 3
    assert "still in the store" in table


def test_it_leaves_the_file_and_says_where(told: str, folder: Path) -> None:
    file = folder / ".demo" / "demo.db"
    assert f"The store stays: {file}" in told
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    assert connection.execute("select count(*) > 300, count(distinct kind) > 40 from resource").fetchone() == (1, 1)
    connection.close()


def test_every_example_of_the_search_page_finds_something(
    told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, file = examples("docs/search.md"), str(folder / ".demo" / "demo.db")
    empty = []
    for words in found:
        assert main([*words, "--db", file]) == 0, (words, capsys.readouterr())
        out = capsys.readouterr().out
        assert "Traceback" not in out
        if len(out.splitlines()) < 2 and out.strip() in ("", "0"):
            empty.append(" ".join(words))
    assert told
    assert len(found) > 40
    assert empty == EMPTY


NO_SUCH = {
    "there is no kind aws_alb_target_groups": 1,  # Resoto's own slip
    "there is no kind volume_type": 2,
    "there is no kind graph_root": 1,
    "there are no edges of type delete": 3,
    "not a regular expression (RE2)": 4,
}
"""What Resoto's examples name that is not here."""


def test_the_examples_of_resoto_are_answered(told: str, folder: Path) -> None:
    connection = sqlite3.connect(f"file:{folder / '.demo' / 'demo.db'}?mode=ro", uri=True)
    refused: Counter[str] = Counter()
    found = 0
    for text in EXAMPLES:
        question = Question(text, seconds=60, templates={"filter_kind": "is({{kind}})"})
        try:
            found += bool(Asking(connection, question, datetime.now(UTC)).answer().rows)
        except QueryError as error:
            refused[error.message.partition(":")[0]] += 1
    connection.close()
    assert told
    assert dict(refused) == NO_SUCH
    assert found > 60
