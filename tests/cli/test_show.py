"""What `syncctl show` promises: all that is known of one resource, and which one is meant."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from syncd.cli.graph import Graph
from syncd.cli.syncctl import main
from syncd.installed import link
from syncd.search.schema import load_schema
from syncd.store.reader import reading
from tests.cli.conftest import Ask
from tests.cli.graphs import HOSTILE, estate
from tests.fakes.cloud import box, urn
from tests.fakes.world import World


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return estate(tmp_path_factory.mktemp("show") / "s.db").path


@pytest.fixture
def ctl(ask: Ask, store: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", store)


def test_all_that_is_known_is_shown(ctl: Ask) -> None:
    done = ctl("show", "web-1")
    assert (done.code, done.err) == (0, "")
    head, *lines = done.out.splitlines()
    assert head == "fake_box web"
    for line in (
        "  id        web-1",
        "  urn       urn:fake:1:box/web-1",
        "  account   prod (1)",
        "  region    r1",
        "tags",
        "  env         prod",
        "  owner.team  a|b",
        "properties",
        "  size  2",
        "edges from it",
        "  in →  2",
        "    fake_box  db   db",
        "edges to it",
        "  contains ←",
        "    fake_box  net  net",
    ):
        assert line in lines, line


def test_history_and_coverage_are_a_line_each(ctl: Ask) -> None:
    text = ctl("show", "web-1").out
    assert "  coverage  complete since 2026-03-01T12:01:00Z, read " in text
    assert "  history   first seen 2026-03-01T12:01:00Z, 1 change, the last " in text
    assert "  history   first seen 2026-03-01T12:01:00Z, unchanged since\n" in ctl("show", "db").out


def test_an_incomplete_scope_is_shown_as_such(ctl: Ask) -> None:
    assert "  coverage  denied since 2026-03-01T12:02:00Z" in ctl("show", "bag").out


def test_what_is_nested_is_indented_and_aligned(ctl: Ask) -> None:
    text = ctl("show", "db").out
    assert "\nproperties\n  ports\n    [0]\n      from  1\n    [1]\n      from  2\n  size  20\n" in text


def test_json_has_the_resource_with_its_edges_and_history(ctl: Ask) -> None:
    found = json.loads(ctl("show", "web-1", "-o", "json").out)
    assert (found["resource"]["size"], found["resource"]["tags"]["env"], found["link"]) == (2, "prod", None)
    assert [other["id"] for other in found["edges"]["out"]["in"]] == ["db", "net"]
    assert found["edges"]["in"]["contains"][0]["urn"] == "urn:fake:1:box/net"
    assert found["history"]["changes"] == 1


def test_yaml_has_the_same(ctl: Ask) -> None:
    assert ctl("show", "web-1", "-o", "yaml").out.startswith('resource:\n  id: "web-1"\n')


def test_the_past_is_shown(ctl: Ask) -> None:
    assert "  size  1\n" in ctl("show", "web-1", "--at", "run:1").out
    assert "unchanged since" in ctl("show", "web-1", "--at", "run:1").out
    assert "  size  9\n" in ctl("show", "old", "--at", "run:1").out
    assert ctl("show", "old").code == 1


def test_a_urn_an_id_or_a_name_names_it(ctl: Ask) -> None:
    for text in ("urn:fake:1:box/db", "db"):
        assert ctl("show", text).out.startswith("fake_box db\n")
    assert ctl("show", "prod").out.startswith("fake_account prod\n")


def test_an_ambiguous_name_lists_the_candidates(ctl: Ask) -> None:
    done = ctl("show", "web")
    assert (done.code, done.out) == (1, "")
    head, *lines, last = done.err.splitlines()
    assert head.split() == ["KIND", "NAME", "ACCOUNT", "REGION", "URN"]
    assert [line.split()[0] for line in lines] == ["fake_box", "fake_jar"]
    assert last == "syncctl: web may be one of 2 resources; name it by its URN"


def test_an_unknown_one_is_told_with_what_is_near(ctl: Ask) -> None:
    assert ctl("show", "WIN").told == ("syncctl: no resource has the id, name or URN WIN; did you mean twin?")
    assert "look for it with: syncctl search" in ctl("show", "nobody").told


@pytest.mark.parametrize("text", ["", "'; drop table node", "\udcff", "%", "*"])
def test_any_text_is_only_a_name(ctl: Ask, text: str) -> None:
    done = ctl("show", text)
    assert done.code in (1, 2)
    assert "Traceback" not in done.err


@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_a_name_moves_no_terminal(ctl: Ask, output: str) -> None:
    done = ctl("show", "evil", "-o", output)
    assert done.code == 0
    assert not {"\x1b", "\u202e"} & set(done.out)
    assert "\x1b" not in ctl("show", f"{HOSTILE}x").err


def test_long_values_end_with_the_line_of_a_terminal(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    lines = ctl("show", "evil", "--no-color").out.splitlines()
    assert max(map(len, lines[1:])) <= 40


def test_the_host_asks_the_collector_if_it_has_pages(installed: None) -> None:
    bucket = {"kind": "aws_s3_bucket", "urn": "arn:aws:s3:::b", "region": "global"}
    assert link("aws", bucket) == "https://console.aws.amazon.com/s3/buckets/b"
    assert link("fake", bucket) == ""
    assert link("unheard-of", bucket) == ""


def test_complete_only_shows_nothing_of_what_may_be_stale(ctl: Ask) -> None:
    done = ctl("show", "bag", "--complete-only")
    assert (done.code, done.out) == (1, "")
    assert "no resource has the id, name or URN bag" in done.err
    assert ctl("show", "web-1", "--complete-only").code == 0


async def test_who_is_meant_is_looked_up_in_the_index(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put("fake/1/r1/boxes", *(replace(box("1", f"b{i}"), name=f"box-{i}") for i in range(30)))
    async with world.store() as store:
        await world.sync_in(store)
        await store.index()
    asked: list[str] = []
    with reading(world.path) as connection:
        graph = Graph(connection, load_schema(connection), world.moment)
        connection.set_trace_callback(asked.append)
        assert {graph.find(text).id for text in ("box-7", "b7", urn("1", "b7"))} == {"b7"}
        connection.set_trace_callback(None)
        plans = [step for text in asked for *_, step in connection.execute(f"explain query plan {text}")]
    assert plans
    assert not [step for step in plans if step.startswith("SCAN n")]
