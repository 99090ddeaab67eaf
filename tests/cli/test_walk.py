"""What `syncctl walk` promises: what lies around a resource, each node spread out once."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from syncd.cli import picture
from syncd.cli import walk as walking
from syncd.cli.graph import Item
from syncd.cli.syncctl import main
from syncd.cli.trees import Branch, by_containment, by_place, tree_lines
from syncd.errors import Failed
from syncd.model import Edge
from syncd.search.links import Link
from tests.cli.conftest import Ask
from tests.cli.graphs import estate
from tests.cli.test_dot import needs_graphviz
from tests.fakes.cloud import box, urn
from tests.fakes.world import World


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return estate(tmp_path_factory.mktemp("walk") / "s.db").path


@pytest.fixture
def ctl(ask: Ask, store: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", store)


def test_down_follows_the_edges(ctl: Ask) -> None:
    assert ctl("walk", "net", "--down").out.splitlines() == [
        "fake_box net",
        "├─ contains → fake_box db",
        "└─ contains → fake_box web  web-1",
        "   ├─ in → fake_box db  (shown above)",
        "   └─ in → fake_box net  (shown above)",
    ]


def test_up_goes_against_them(ctl: Ask) -> None:
    assert ctl("walk", "db", "--up").out.splitlines() == [
        "fake_box db",
        "├─ contains ← fake_box net",
        "│  ├─ contains ← fake_account prod  1",
        "│  └─ in ← fake_box web  web-1  (shown below)",
        "└─ in ← fake_box web  web-1",
        "   └─ contains ← fake_box net  (shown above)",
    ]


def test_the_blast_radius_goes_into_containers_but_not_out_of_them(ctl: Ask) -> None:
    assert ctl("walk", "db", "--blast-radius").out.splitlines() == [
        "fake_box db",
        "└─ in ← fake_box web  web-1",
    ]
    assert ctl("walk", "net", "--blast-radius").out.splitlines() == [
        "fake_box net",
        "├─ contains → fake_box db",
        "│  └─ in ← fake_box web  web-1  (shown below)",
        "└─ contains →, in ← fake_box web  web-1",
    ]


def test_depth_and_type_end_it_sooner(ctl: Ask) -> None:
    assert ctl("walk", "prod", "--down", "--depth", "1").out.count("\n") == 2
    assert ctl("walk", "net", "--down", "--type", "in").out == "fake_box net\n"
    assert "in ←" not in ctl("walk", "net", "--blast-radius", "--type", "contains").out
    assert ctl("walk", "db", "--blast-radius", "--type", "contains").out == "fake_box db\n"


def test_an_unknown_type_is_told_with_those_there_are(ctl: Ask) -> None:
    done = ctl("walk", "net", "--down", "--type", "contain")
    assert (done.code, done.told) == (2, "syncctl: there are no edges of type contain; did you mean contains?")


def test_a_direction_must_be_given(ctl: Ask) -> None:
    assert ctl("walk", "net").code == 2
    assert ctl("walk", "net", "--up", "--down").code == 2


def test_json_has_nodes_with_their_distance_and_edges(ctl: Ask) -> None:
    found = json.loads(ctl("walk", "prod", "--down", "-o", "json").out)
    assert found["start"] == "urn:fake:1:account"
    assert {node["name"]: node["distance"] for node in found["nodes"]} == {"prod": 0, "net": 1, "db": 2, "web": 2}
    assert {"from": "urn:fake:1:box/web-1", "type": "in", "to": "urn:fake:1:box/db"} in found["edges"]
    assert found["more"] is False


def test_the_past_can_be_walked(ctl: Ask) -> None:
    assert "net" in ctl("walk", "prod", "--down", "--at", "run:1").out
    assert ctl("walk", "old", "--up", "--at", "run:1").out == "fake_box old\n"


def test_more_than_can_be_shown_is_told(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "NODES", 2)
    done = ctl("walk", "prod", "--down", "-o", "json")
    assert len(json.loads(done.out)["nodes"]) == 2
    assert done.err == "syncctl: there are more than 2 resources on the way; --depth or --type ends it sooner\n"


def test_a_picture_of_many_says_how_many_it_shows(ctl: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST", 2)
    assert "the nearest 2 of 4 resources" in ctl("walk", "prod", "--down", "-o", "dot").err


@needs_graphviz
def test_svg_draws_into_a_file(ctl: Ask, tmp_path: Path) -> None:
    file = tmp_path / "a b;$(x).svg"
    done = ctl("walk", "net", "--blast-radius", "--svg", file)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert ET.parse(file).getroot().tag.endswith("svg")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@needs_graphviz
def test_a_file_that_cannot_be_written_is_told(ctl: Ask, tmp_path: Path) -> None:
    assert "No such file or directory" in ctl("walk", "net", "--down", "--svg", tmp_path / "no" / "x.svg").told


def test_without_graphviz_it_says_how_to_get_it(ctl: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = ctl("walk", "net", "--down", "--svg", tmp_path / "x.svg")
    assert (done.code, "apt install graphviz" in done.told) == (1, True)


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo bad >&2; printf '\\033[1m' >&2; exit 3", "failed with code 3: bad"), ("exec sleep 60", "more than 0 s")],
)
def test_what_graphviz_says_is_passed_on(
    ctl: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    stand_in = tmp_path / "dot"
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(picture, "SECONDS", 0.4)
    done = ctl("walk", "net", "--down", "--svg", tmp_path / "x.svg")
    assert (done.code, said in done.told, "\x1b" in done.err) == (1, True, False)
    assert not (tmp_path / "x.svg").exists()


# -- trees


def item(key: int, name: str, account: str = "1", region: str = "r") -> Item:
    return Item(key, "k", name, name, f"urn:{name}", account, region)


def test_a_ring_of_containers_is_shown_once() -> None:
    items = [item(1, "a"), item(2, "b"), item(3, "c")]
    ring = [Link(1, "contains", 2), Link(2, "contains", 3), Link(3, "contains", 1), Link(1, "contains", 1)]
    assert list(tree_lines(by_containment(items, ring))) == ["k a", "└─ k b", "   └─ k c"]


@pytest.mark.unmeasured
def test_a_deep_tree_is_no_trouble() -> None:
    items = [item(number, f"n{number}") for number in range(5_000)]
    chain = [Link(number, "contains", number + 1) for number in range(4_999)]
    assert sum(1 for _ in tree_lines(by_containment(items, chain))) == 5_000


def test_no_account_and_no_region_are_said() -> None:
    assert list(tree_lines(by_place([item(1, "a", "", "")], {}))) == [
        "no account (1)",
        "└─ no region (1)",
        "   └─ k (1)",
        "      └─ a",
    ]


def test_lines_stand_under_their_branches() -> None:
    tree = Branch("a", [Branch("b", [Branch("c")]), Branch("d")])
    assert list(tree_lines([tree])) == ["a", "├─ b", "│  └─ c", "└─ d"]


async def test_complete_only_goes_through_nothing_that_may_be_stale(tmp_path: Path, ask: Ask) -> None:
    world = World(tmp_path / "s.db")
    a, b, c = (box("1", name, edges=(Edge("in", urn("1", to)),)) for name, to in (("a", "b"), ("b", "c"), ("c", "d")))
    world.cloud.put("fake/1/r1/boxes", a, c)
    world.cloud.put("fake/1/r1/bags", b)
    await world.sync()
    world.cloud.fail("fake/1/r1/bags", Failed("broken"))
    await world.sync()
    way = ("walk", "a", "--down", "--db", world.path)
    assert ask(main, *way).out.splitlines()[-3:] == ["fake_box a", "└─ in → fake_box b", "   └─ in → fake_box c"]
    assert ask(main, *way, "--complete-only").out.splitlines() == ["fake_box a"]
