"""`syncctl kinds`: what is counted, what a kind is, what its documents hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.kinds import first_sentence
from syncd.cli.syncctl import main
from tests.cli.conftest import Ask, desk_at


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = desk_at(tmp_path_factory.mktemp("estate"))
    assert desk.sync(boxes="{ a = 1, b = 2 }").code == 0
    return desk.store


@pytest.fixture
def ctl(ask: Ask, estate: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", estate)


def document(ctl: Ask, *arguments: str) -> Any:
    answer = ctl("kinds", *arguments, "-o", "json")
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


@pytest.mark.usefixtures("installed")
def test_a_kind_is_told_with_bases_properties_edges_and_places(ctl: Ask) -> None:
    told = ctl("kinds", "fake_box").out
    assert told.startswith(
        "fake_box\nbase kinds: resource\n\nPROPERTY    TYPE           OF\nid          string         res"
    )
    assert "\nEDGE         KINDS\n-contains->  fake_box\n-in->        fake_box\n<-contains-  fake_box\n<-in-" in told
    assert told.endswith("\nKIND      ACCOUNT  REGION  RESOURCES\nfake_box  1        r1              3\n")


@pytest.mark.usefixtures("installed")
def test_programs_get_all_of_it(ctl: Ask) -> None:
    box = document(ctl, "fake_box")
    assert {"kind": "fake_box", "bases": ["resource"], "below": []}.items() <= box.items()
    assert {"name": "region", "type": "string", "of": "resource"} in box["properties"]
    assert {"direction": "out", "type": "in", "kind": "fake_box"} in box["edges"]
    assert box["resources"] == [{"kind": "fake_box", "account": "1", "region": "r1", "resources": 3}]
    assert [each["path"] for each in box["document"]] == ["size", "token"]
    above = document(ctl, "resource")
    assert {"fake_box", "fake_jar", "account", "fake_account"} < set(above["below"])
    assert (above["edges"], above["document"]) == (box["edges"], [])


def test_a_kind_whose_collector_is_not_installed_is_told_from_the_store(ctl: Ask) -> None:
    account = document(ctl, "fake_account")
    assert (account["bases"], account["edges"], account["document"]) == (["account", "resource"], [], [])
    empty = ctl("kinds", "fake_box", "--properties")
    assert empty.err == "syncctl: no collector that is installed tells what fake_box holds\n"


def test_a_base_kind_has_its_own_properties_and_those_it_inherits(ctl: Ask) -> None:
    found = {each["name"]: each for each in document(ctl, "volume")["properties"]}
    assert found["volume_size"] == {"name": "volume_size", "type": "number (GB)", "of": "volume"}
    assert found["tags"]["of"] == "resource"


@pytest.mark.usefixtures("installed")
def test_properties_are_the_paths_of_documents(ctl: Ask) -> None:
    assert ctl("kinds", "fake_box", "--properties").out.splitlines() == [
        "PATH   TYPE    MARK    DESCRIPTION",
        "size   number  -       How big it is (in l).",
        "token  string  secret  What opens it.",
    ]
    assert ctl("kinds", "fake_box", "--properties", "-o", "csv").out.splitlines()[1] == (
        "size,number,,How big it is (in l). As its maker says."
    )


def test_the_tree_has_each_kind_once_below_its_base_kind_with_what_is_below_it_counted(ctl: Ask) -> None:
    lines = ctl("kinds", "--tree").out.splitlines()
    assert lines[1].split() == ["resource", "3"]
    assert lines[lines.index(next(line for line in lines if line.startswith("  account "))) + 1].startswith(
        "    fake_account "
    )
    assert sum("fake_box" in line for line in lines) == 1
    tree = document(ctl, "--tree")
    assert len({branch["kind"] for branch in tree}) == len(tree)
    assert document(ctl, "account", "--tree") == [
        {"kind": "account", "depth": 0, "bases": ["resource"], "resources": 0},
        {"kind": "fake_account", "depth": 1, "bases": ["account"], "resources": 0},
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--properties",), "--properties is of one kind: syncctl kinds KIND --properties"),
        (("fake_bx", "--tree"), "no kind fake_bx in this store; did you mean fake_box, fake_jar?"),
    ],
)
def test_what_cannot_be_told_is_explained(ctl: Ask, arguments: tuple[str, ...], told: str) -> None:
    answer = ctl("kinds", *arguments)
    assert (answer.code, answer.told) == (2, f"syncctl: {told}")


def test_a_description_is_cut_after_its_first_sentence_or_where_the_line_ends() -> None:
    assert first_sentence("It is 1.5 GiB. Or more.") == "It is 1.5 GiB. Or more."
    assert first_sentence("How big it is. Or was.") == "How big it is."
    assert len(first_sentence("x" * 200)) == 100
