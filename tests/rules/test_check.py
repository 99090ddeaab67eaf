"""What is wrong with a rule is told before it is used, with its file, its name and the place."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.errors import ConfigError
from syncd.installed import load_collectors
from syncd.rules.check import complaints, complaints_of, load
from syncd.rules.problems import problems, schema_of
from syncd.search.schema import Schema
from syncd.settings import Config, RuleSettings
from tests.conftest import ROOT

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_of(load_collectors())


def written(place: Path, text: str) -> Path:
    file = place / "syncd.toml"
    file.write_text(text)
    return file


def test_the_place_in_a_search_is_shown(tmp_path: Path) -> None:
    file = written(tmp_path, '[[rule]]\nname = "r"\nsearch = "is(volum) and age > 3d"\n')
    [line] = complaints_of(file)
    assert line.splitlines() == [
        f"{file}: rule r: search: there is no kind volum",
        "      is(volum) and age > 3d",
        "      ^",
        "    did you mean volume?",
    ]
    with pytest.raises(ConfigError, match="there is no kind volum"):
        load(file)


def test_a_rule_that_is_off_may_speak_of_anything(tmp_path: Path) -> None:
    assert complaints_of(written(tmp_path, '[[rule]]\nname = "r"\nenabled = false\nsearch = "is(volum)"\n')) == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (RuleSettings(name="r", search="aggregate(kind): all"), "search: a rule is about resources"),
        (RuleSettings(name="r", search="is(volume) {x: --> all}"), "search: a rule finds resources, and puts nothing"),
        (RuleSettings(name="r", search="expand(no)"), "search: there is no template no"),
        (RuleSettings(name="r", search="is(volume) and age > soon"), "search: soon is no duration"),
        (RuleSettings(name="r", search="all", when=("cron 61 * * * *",)), "when: cron: found"),
        (RuleSettings(name="r", search="all", when=("post_colect",)), "when: unknown type of event post_colect"),
        (RuleSettings(name="r", search="all", lasting="soon"), 'for: found "soon"'),
        (RuleSettings(name="r", on=("resource.*",), lasting="2h"), "for: only what a search finds lasts"),
        (RuleSettings(name="r", on=("resorce.*",)), "on: unknown type of event"),
        (RuleSettings(name="r", on=("resource.*",), when=("cron @daily",)), "when: a rule with on"),
        (RuleSettings(name="r", on=("resource.*",), where={"path": "x"}), "where: unknown field path"),
        (RuleSettings(name="r", search="all", where={"kind": "x"}), "where.kind: goes with on"),
        (RuleSettings(name="r", search="all", quiet=("always",)), 'quiet: found "always"'),
        (RuleSettings(name="r", search="all", group_by=("acount",)), "group_by: unknown field acount; did you mean"),
        (RuleSettings(name="r", search="all", title="{{ total"), "title: "),
    ],
)
def test_what_is_wrong_is_told(schema: Schema, rule: RuleSettings, problem: str) -> None:
    assert [line[: len(problem)] for line in problems(rule, Config(), schema, NOW)] == [problem]


def test_each_example_of_the_page_is_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "rules.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    file = written(tmp_path, "\n".join(examples))
    assert complaints_of(file) == []
    assert len(load(file).rule) == page.count("[[rule]]") - 1, "all but the one in the text"


def test_a_configuration_without_rules_that_are_on_loads_no_collector() -> None:
    assert complaints(Config(rule={"r": RuleSettings(name="r", search="is(nobody)", enabled=False)})) == []


def test_targets_of_all_rules_must_be_there(tmp_path: Path) -> None:
    file = written(tmp_path, '[rules]\nto = ["chat"]\n[[rule]]\nname = "r"\nsearch = "all"\n')
    assert complaints_of(file) == [
        f"{file}: rules.to: unknown target chat; known: none: a table [targets.NAME] makes one"
    ]
