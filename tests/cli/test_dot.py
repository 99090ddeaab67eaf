"""What drawings promise: the same picture gives the same text, and no name gets out of its box."""

import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from syncd.cli.dot import COLOURS, FAMILIES, LONGEST, MOST, Legend, drawing, family, quoted
from syncd.cli.graph import Item
from syncd.kinds import BASE_KINDS
from syncd.search.links import Link
from tests.cli.graphs import HOSTILE

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
BASES = {"aws_box": {"instance", "resource"}, "aws_net": {"network"}, "odd": {"resource"}}


def item(key: int, name: str = "", kind: str = "aws_box", account: str = "1", region: str = "r1") -> Item:
    return Item(key, kind, name or f"n{key}", f"id-{key}", f"urn:{key}", account, region)


def rendered(text: str, form: str = "plain") -> str:
    done = subprocess.run(["dot", f"-T{form}"], input=text, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def nodes_of(text: str) -> list[str]:
    return re.findall(r"^ +(n\d+) \[label", text, re.MULTILINE)


def test_a_node_has_its_name_over_its_kind_in_the_colour_of_its_family() -> None:
    (line,) = [line for line in drawing([item(1, "web")], [], Legend(BASES)).splitlines() if line.startswith("  n0 ")]
    border, filling = COLOURS["compute"]
    assert "<b>web</b><br/>" in line
    assert ">aws_box</font>" in line
    assert f'color="{border}", fillcolor="{filling}"' in line


def test_edges_with_the_same_ends_are_one_arrow() -> None:
    text = drawing([item(7), item(9)], [Link(7, "in", 9), Link(7, "uses", 9), Link(9, "contains", 7)], Legend(BASES))
    assert '  n0 -> n1 [label="in, uses"];\n' in text
    assert '  n1 -> n0 [label="contains", style=dashed];\n' in text


def test_edges_to_what_is_not_shown_are_left_out() -> None:
    assert "->" not in drawing([item(1)], [Link(1, "in", 2), Link(2, "in", 1)], Legend(BASES))


def test_one_place_has_no_frame_and_several_have() -> None:
    assert "subgraph" not in drawing([item(1), item(2)], [], Legend(BASES))
    regions = drawing([item(1), item(2, region="r2")], [], Legend(BASES))
    assert re.findall(r'label="(r\d)"', regions) == ["r1", "r2"]
    accounts = drawing([item(1), item(2, region="r2"), item(3, account="2")], [], Legend(BASES))
    assert accounts.count("subgraph") == 4
    assert 'label="2 · r1"' in accounts
    named = drawing([item(1), item(3, account="2")], [], Legend(BASES, {"1": "prod"}))
    assert 'label="prod (1) · r1"' in named


def test_at_most_so_many_nodes_are_drawn_with_a_note() -> None:
    text = drawing([item(key) for key in range(MOST + 50)], [], Legend(BASES, title="all"))
    assert len(nodes_of(text)) == MOST
    assert f"the first {MOST} of {MOST + 50} resources" in text
    assert "the first" not in drawing([item(key) for key in range(MOST)], [], Legend(BASES, title="all"))


def test_the_same_picture_gives_the_same_text() -> None:
    items, links = [item(1), item(2, account="2")], [Link(1, "in", 2)]
    assert drawing(items, links, Legend(BASES)) == drawing(items, links, Legend(BASES))


def test_the_start_is_drawn_boldly() -> None:
    assert drawing([item(1), item(2)], [], Legend(BASES, first=2)).count("penwidth=3") == 1


def test_a_long_name_is_cut_and_whole_in_its_tooltip() -> None:
    text = drawing([item(1, "x" * 100)], [], Legend(BASES))
    assert f"<b>{'x' * (LONGEST - 1)}…</b>" in text
    assert "x" * 100 in text


def test_every_family_is_of_base_kinds_and_has_a_colour() -> None:
    known = {kind.name for kind in BASE_KINDS}
    assert {base for bases in FAMILIES.values() for base in bases.split()} <= known
    assert set(FAMILIES) | {""} == set(COLOURS)
    assert (family("odd", BASES), family("unheard", BASES)) == ("", "")


@pytest.mark.parametrize(("text", "expected"), [('a"b', '"a\\"b"'), ("a\\N", '"a\\\\N"'), ("a\nb", '"a\\\\nb"')])
def test_text_is_quoted(text: str, expected: str) -> None:
    assert quoted(text) == expected


HOSTILES = [
    HOSTILE,
    '"];x[',
    "\\",
    '\\"',
    "<b>",
    "</b>",
    "&#0;",
    "&amp",
    "-->",
    "]]>",
    "\0",
    "\ud800",
    "日本語",
    "",
    " ",
    "%n",
    "a\\",
]


@pytest.mark.parametrize("name", HOSTILES)
def test_no_name_gets_out_of_its_box(name: str) -> None:
    assert all(line.isprintable() for line in _hostile(name).split("\n"))


def _hostile(name: str) -> str:
    items: Sequence[Item] = [
        Item(1, name, name, name, name, name, name),
        Item(2, "k", "", "i", "u", "2", "x"),
        Item(3, "k", "", "i", "u", name, "x"),
    ]
    return drawing(items, [Link(1, name, 2)], Legend(BASES, {name: name}, name))


@needs_graphviz
@pytest.mark.parametrize("name", HOSTILES)
def test_graphviz_sees_the_same_nodes_whatever_they_are_called(name: str) -> None:
    plain = rendered(_hostile(name)).splitlines()
    assert len([line for line in plain if line.startswith("node ")]) == 3
    assert len([line for line in plain if line.startswith("edge ")]) <= 2
    rendered(_hostile(name), "svg")


@needs_graphviz
def test_a_full_picture_is_drawn() -> None:
    items = [item(key, account=str(key % 3), region=f"r{key % 4}") for key in range(MOST)]
    links = [Link(key, "in", key // 2) for key in range(MOST)]
    assert rendered(drawing(items, links, Legend(BASES)), "svg").count('<g id="node') == MOST
