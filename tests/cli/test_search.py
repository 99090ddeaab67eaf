"""What `syncctl search`, `count` and `aggregate` promise: the same answer for people and programs, and why it lacks."""

import csv
import io
import json
from pathlib import Path

import pytest

from syncd.cli import hints
from syncd.cli import search as searching
from syncd.cli.syncctl import main
from tests.cli.conftest import Ask, names
from tests.cli.graphs import estate

WARNED = (
    "syncctl: 1 of the scopes asked about is not complete: fake/1/r1/bags denied since 2026-03-01T12:02:00Z "
    "(bags:ListBags); syncctl coverage --incomplete --why\n"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return estate(tmp_path_factory.mktemp("search") / "s.db").path


@pytest.fixture
def ctl(ask: Ask, store: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", store)


# -- rows


def test_a_table_has_the_usual_columns_and_the_name_of_the_account(ctl: Ask) -> None:
    done = ctl("search", "name = web sort kind")
    head, first, second = done.out.splitlines()
    assert head.split("  ")[0] == "KIND"
    assert head.split() == ["KIND", "ID", "NAME", "AGE", "LAST", "UPDATE", "ACCOUNT", "REGION"]
    assert first.split()[:3] == ["fake_box", "web-1", "web"]
    assert first.split()[-2:] == ["prod", "r1"]
    assert second.split()[-2:] == ["2", "r2"]
    assert done.err == WARNED


def test_wide_adds_cloud_zone_urn_coverage_and_tags(ctl: Ask) -> None:
    head, row = ctl("search", "id(web-1)", "-o", "wide").out.splitlines()
    assert head.split()[-5:] == ["CLOUD", "ZONE", "URN", "COVERAGE.STATE", "TAGS"]
    assert row.endswith("fake   -     urn:fake:1:box/web-1  complete        env=prod owner.team=a|b")


def test_json_has_whole_resources(ctl: Ask) -> None:
    (found,) = json.loads(ctl("search", "id(web-1)", "-o", "json").out)
    assert found["tags"] == {"env": "prod", "owner.team": "a|b"}
    assert found["coverage"]["state"] == "complete"
    assert (found["kind"], found["size"], found["account"]) == ("fake_box", 2, "1")


@pytest.mark.parametrize("output", ["json", "ndjson", "yaml", "csv", "tsv", "markdown", "table", "wide"])
def test_columns_are_paths_in_every_format(ctl: Ask, output: str) -> None:
    done = ctl("search", "id(db)", "--columns", "name,tags.env,ports[*].from,account.name", "-o", output)
    assert done.code == 0
    assert all(text in done.out for text in ("db", "prod", "1"))


def test_csv_has_the_columns_with_lists_as_json(ctl: Ask) -> None:
    text = ctl("search", "id(db)", "--columns", "name,ports[*].from,nothing", "-o", "csv").out
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {"name": "db", "ports[*].from": "[1,2]", "nothing": ""}


def test_csv_has_the_usual_columns(ctl: Ask) -> None:
    (row,) = csv.DictReader(io.StringIO(ctl("search", "id(db)", "-o", "csv").out))
    assert (row["account"], row["region"], list(row)[:4]) == ("prod", "r1", ["kind", "id", "name", "age"])


def test_ndjson_is_a_line_each(ctl: Ask) -> None:
    lines = ctl("search", "is(fake_box)", "-o", "ndjson").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["bag", "db", "net", "web"]


def test_a_merge_is_a_column_of_names_and_whole_in_json(ctl: Ask) -> None:
    query = "id(net) {inner[]: -contains->, above: <-contains-}"
    assert ctl("search", query).out.splitlines()[1].endswith("db, web  prod")
    (found,) = json.loads(ctl("search", query, "-o", "json").out)
    assert [inner["id"] for inner in found["inner"]] == ["db", "web-1"]
    assert found["above"]["name"] == "prod"


def test_the_query_may_be_several_arguments(ctl: Ask) -> None:
    assert names(ctl("search", "is(fake_box)", "and", "size", ">", "5", "-o", "json")) == ["db"]


def test_the_query_may_come_from_stdin(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("is(fake_box) and\nsize > 5\n"))
    assert names(ctl("search", "-", "-o", "json")) == ["db"]


def test_the_limit_of_rows_is_told(ctl: Ask) -> None:
    done = ctl("search", "is(fake_box)", "--limit", "1", "-o", "json")
    assert len(json.loads(done.out)) == 1
    assert done.err == f"{WARNED}syncctl: only the first 1 rows are shown; narrow it or --limit\n"


def test_a_limit_that_is_not_met_is_not_told(ctl: Ask) -> None:
    assert "only the first" not in ctl("search", "is(fake_jar)", "--limit", "2").err


def test_complete_only_leaves_out_what_may_be_stale(ctl: Ask) -> None:
    assert "bag" in names(ctl("search", "is(fake_box)", "-o", "json"))
    assert "bag" not in names(ctl("search", "is(fake_box)", "--complete-only", "-o", "json"))


def test_no_more_than_five_incomplete_scopes_are_named() -> None:
    from syncd.search.answer import Answer as Found

    scope = {"scope": "x", "state": "failed", "since": "then", "permission": "", "operation": ""}
    text = searching.incomplete(Found((), [], (), [scope] * 7, False))
    assert text.startswith("7 of the scopes asked about are not complete: x failed since then, ")
    assert text.count("failed") == 5
    assert ", 2 more; syncctl coverage" in text


def test_a_query_that_can_be_misread_is_warned_of(ctl: Ask) -> None:
    done = ctl("search", "name = db and size = 20 or name = web", "-o", "json")
    assert "syncctl: and binds tighter than or here" in done.err


# -- counting


def test_count_prints_one_number(ctl: Ask) -> None:
    assert ctl("search", "is(fake_box)", "--count").out == "4\n"
    assert ctl("count", "is(fake_box)").out == "4\n"
    assert ctl("count", "is(fake_box)", "-o", "json").out == '[\n{"count": 4}\n]\n'


def test_a_count_of_nothing_is_no_error(ctl: Ask) -> None:
    done = ctl("search", "name = nobody", "--count")
    assert (done.code, done.out) == (0, "0\n")


def test_a_count_knows_no_limit_but_that_of_the_query(ctl: Ask) -> None:
    assert ctl("search", "is(fake_box)", "--count", "--limit", "1").out == "4\n"
    assert ctl("search", "is(fake_box) limit 3", "--count").out == "3\n"


def test_the_count_of_an_aggregate_is_that_of_its_groups(ctl: Ask) -> None:
    assert ctl("search", "aggregate(kind: sum(1) as n): all", "--count").out == "3\n"


def test_count_by_a_property_has_the_most_frequent_first(ctl: Ask) -> None:
    done = ctl("count", "kind", "search all", "-o", "csv")
    assert done.out == "kind,count\nfake_box,4\nfake_account,2\nfake_jar,2\n"
    assert ctl("count", "kind", "all", "--limit", "1", "-o", "csv").out == "kind,count\nfake_box,4\n"


def test_aggregate_has_the_figures(ctl: Ask) -> None:
    done = ctl("aggregate", "tags.env as env: sum(size) as size", "is(fake_box)", "-o", "json")
    assert json.loads(done.out) == [{"env": None, "size": 0}, {"env": "prod", "size": 22}]


def test_an_aggregate_is_a_table_too(ctl: Ask) -> None:
    assert ctl("search", "aggregate(kind: sum(1) as n): is(fake_jar)").out == "KIND      N\nfake_jar  2\n"


# -- the past


def test_at_shows_what_was(ctl: Ask) -> None:
    assert names(ctl("search", "is(fake_box)", "-o", "json")) == ["bag", "db", "net", "web"]
    done = ctl("search", "is(fake_box)", "--at", "run:1", "-o", "json")
    assert names(done) == ["bag", "db", "net", "old", "web"]
    (web,) = json.loads(ctl("search", "id(web-1)", "--at", "2026-03-01T12:01:30Z", "-o", "json").out)
    assert web["size"] == 1


@pytest.mark.parametrize("output", ["tree", "dot", "table"])
def test_the_past_can_be_drawn(ctl: Ask, output: str) -> None:
    assert "old" in ctl("search", "is(fake_box)", "--at", "run:1", "-o", output).out


def test_an_age_may_have_a_sign(ctl: Ask) -> None:
    done = ctl("search", "all", "--at", "-1000000d")
    assert done.code == 1
    assert "-1000000d" in done.err or "nothing is known of" in done.err


def test_a_time_that_is_none_is_explained(ctl: Ask) -> None:
    assert "expected a time such as" in ctl("search", "all", "--at", "yesterday").told
    assert "expected a time such as" in ctl("search", "all", "--at", "").told


# -- pictures


def test_a_tree_is_by_account_region_and_kind(ctl: Ask) -> None:
    assert ctl("search", "size > 0 or is(fake_jar)", "-o", "tree").out.splitlines()[:5] == [
        "prod 1 (2)",
        "└─ r1 (2)",
        "   └─ fake_box (2)",
        "      ├─ db",
        "      └─ web  web-1",
    ]


def test_a_tree_behind_a_walk_is_by_containment(ctl: Ask) -> None:
    assert ctl("search", 'id("1") -contains[0:]->', "-o", "tree").out.splitlines() == [
        "fake_account prod  1",
        "└─ fake_box net",
        "   ├─ fake_box db",
        "   └─ fake_box web  web-1",
    ]


def test_dot_has_the_edges_between_the_nodes(ctl: Ask) -> None:
    text = ctl("search", "id(net, web-1, db)", "-o", "dot").out
    assert text.startswith("digraph syncd {\n")
    assert text.count(" -> ") == 4
    assert 'label="in"' in text


def test_a_picture_of_many_says_how_many_it_shows(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST", 2)
    assert "the picture shows the first 2 of 4 resources" in ctl("search", "is(fake_box)", "-o", "dot").err


def test_an_aggregate_is_no_picture(ctl: Ask) -> None:
    for options in (("-o", "tree"), ("-o", "dot"), ("--svg", "x.svg")):
        done = ctl("search", "aggregate(kind: sum(1)): all", *options)
        assert (done.code, "no resources" in done.told) == (2, True)


@pytest.mark.parametrize(
    "options", [("--svg", "x", "-o", "json"), ("--svg", "x", "--count"), ("-o", "dot", "--columns", "name")]
)
def test_options_that_do_not_go_together_are_refused(ctl: Ask, options: tuple[str, ...]) -> None:
    assert ctl("search", "all", *options).code == 2


# -- nothing found, and why


def test_nothing_found_is_a_head_alone(ctl: Ask) -> None:
    done = ctl("search", "is(fake_jar) and name = nobody")
    assert (done.code, done.out) == (0, "KIND  ID  NAME  AGE  LAST UPDATE  ACCOUNT  REGION\n")
    assert "no resources" not in done.err
    assert ctl("search", "name = nobody", "-o", "json").out == "[]\n"
    assert ctl("search", "name = nobody", "-o", "tree").out == ""


def test_a_terminal_is_told_that_there_is_nothing(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert "syncctl: no resources\n" in ctl("search", "name = nobody").err
    assert "no resources" not in ctl("search", "name = nobody", "--count").err


def test_a_count_of_nothing_is_hinted_at_too(ctl: Ask) -> None:
    assert "did you mean size?" in ctl("count", "is(fake_box) and sise > 1").err


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("is(fake_box) and sise > 1", "no resource here has sise; did you mean size?"),
        ("is(fake_box) and tags.evn = prod", "no resource here has tags.evn; did you mean tags.env?"),
        ("is(fake_box) and ports[*].form = 1", "no resource here has ports[*].form; did you mean ports[*].from?"),
        ("is(fake_box) and ports.{form = 1}", "no resource here has ports[*].form; did you mean ports[*].from?"),
        ("is(fake_box) and not (zzz = null)", "no resource here has zzz"),
        ("aggregate(kind: sum(1)): is(fake_box) and wzx = 1", "no resource here has wzx"),
        ("aggregate(kind: sum(sise) as n): is(fake_box)", "no resource here has sise; did you mean size?"),
    ],
)
def test_a_property_that_nothing_has_is_told(ctl: Ask, query: str, hint: str) -> None:
    assert f"syncctl: {hint}\n" in ctl("search", query).err


def test_a_property_that_is_there_needs_no_hint(ctl: Ask) -> None:
    query = 'is(fake_box) and size > 99 and tags."owner.team" = x and account.name = z and age > 1d'
    for text in (query.replace('"owner.team"', "`owner.team`"), "is(fake_box) and ports[0].from = 9"):
        assert "has" not in ctl("search", text).err.replace("has_", "")


def test_of_many_resources_some_are_looked_at(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "LOOKED_AT", 2)
    assert "none of the 2 resources looked at has sise" in ctl("search", "is(fake_box) and sise > 1").err


# -- explaining


def test_explain_shows_sql_values_plan_and_cost(ctl: Ask) -> None:
    done = ctl("search", "size > 5 and name =~ b", "--explain")
    assert done.code == 0
    assert done.out.startswith("select key\n  from ")
    assert ' = "b"' in done.out
    assert "plan:\n" in done.out
    assert "\nindex: none; [search] index could name size\n" in done.out
    assert "cost: simple\n  reads all 8 rows of node" in done.out


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("is(fake_box)", "simple"),
        ("is(fake_box) -->", "walks"),
        ("is(fake_box) with(any, -->)", "walks"),
        ("all -[0:]->", "expensive"),
    ],
)
def test_the_cost_is_said_in_a_word(ctl: Ask, query: str, word: str) -> None:
    assert f"\ncost: {word}\n" in ctl("search", query, "--explain").out


def test_explain_works_for_the_past_and_the_shorthands(ctl: Ask) -> None:
    assert "past_node" in ctl("search", "all", "--explain", "--at", "run:1").out
    assert "cost: simple" in ctl("count", "kind", "all", "--explain").out
    assert "cost: simple" in ctl("count", "all", "--explain").out
    assert "cost: simple" in ctl("aggregate", "kind: sum(size)", "all", "--explain").out
