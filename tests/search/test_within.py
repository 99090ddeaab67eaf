"""Documents are looked through as text before they are read as JSON: no value is missed for how JSON writes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from syncd.search.context import Context, Picture
from syncd.search.schema import Schema
from syncd.search.within import holds
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.store.test_index import NOW, A, asked, found

TEXTS = ("", "a", "*", "?", "[a]", "a[b]c*", "{}", "[1]", 'q"', "back\\slash", "line\nbreak", "\x7f", "ü€😀", "x" * 300)
NUMBERS = (0, 1, -1, 7, 77, 1.0, 0.0, -0.0, 5.5, 1e-7, 1e22, 1e15, 10**15, 10**15 - 1, 2**53 + 1, 2**63)


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """A box for each value, which stands at three places."""
    world = World(tmp_path / "s.db")
    values: list[Any] = [*TEXTS, *NUMBERS, True, False, ["a", 1], {"b": "c"}]
    world.cloud.put(A, *(box("1", f"b{i}", p=v, q={"*k": [{"v": v}, 3]}, r=[v]) for i, v in enumerate(values)))
    await world.sync()
    return world


def names(world: World, text: str) -> set[str]:
    return set(found(world, text))


async def test_every_text_is_found_wherever_it_stands(world: World) -> None:
    for number, text in enumerate(TEXTS):
        quoted = json.dumps(text, ensure_ascii=False)
        for place in ("p", "q.`*k`[*].v", "q.`*k`[0].v", "r[*]", "r[0]"):
            for wanted in (f"{place} = {quoted}", f"{place} in [{quoted}, zzz]"):
                assert f"b{number}" in names(world, wanted), wanted
            if "[*]" not in place:
                assert f"b{number}" not in names(world, f"{place} != {quoted}"), place


async def test_every_number_is_found_however_it_is_written(world: World) -> None:
    for number, value in enumerate(NUMBERS, len(TEXTS)):
        for place in ("p", "q.`*k`[*].v", "r[*]"):
            whole = [str(int(value))] if value == int(value) else []
            for literal in (str(value), *whole):
                assert f"b{number}" in names(world, f"{place} = {literal}"), (place, literal)
    true, ones = (
        f"b{len(TEXTS) + len(NUMBERS)}",
        {f"b{len(TEXTS) + i}" for i, value in enumerate(NUMBERS) if value == 1},
    )
    assert names(world, "p = 1") == {*ones, true}, "true is 1 beside numbers"
    assert names(world, "p = true") == names(world, "r[*] = true") == {true}


async def test_a_number_is_also_the_text_that_looks_like_it(tmp_path: Path) -> None:
    world, numbers = World(tmp_path / "s.db"), (0, 1, -1, 7, 70, 77, -77)
    values = [*numbers, *map(str, numbers), "true", "70 ", "-0"]
    world.cloud.put(A, *(box("1", f"b{i}", pure=v, q=[v]) for i, v in enumerate(values)))
    await world.sync()
    for at, number in enumerate(numbers):
        same = {f"b{at}", f"b{at + len(numbers)}"}
        for place in ("pure", "q[*]"):
            assert names(world, f"{place} = {number}") == same, (place, number)
            assert names(world, f'{place} = "{number}"') == {f"b{at + len(numbers)}"}, (place, number)


def test_a_number_and_its_text_are_looked_for_at_once_from_a_rare_letter_on() -> None:
    context = Context("", Schema({}, {}, {}, {}), Picture(), NOW)
    assert holds(context, ("t",), ("face_value",), ["32", 32]) == "(t glob :v1)"
    assert context.values == {"v1": '*value":["3][23][],.2Ee}]*'}


async def test_documents_are_looked_through_where_that_is_sure(world: World) -> None:
    for text, sure in {"p = a": True, "p = 77": True, "p = true": True, "p = 5.5": False, "p = 'q\"'": False}.items():
        patterns = [each for each in asked(world, text).explain()[0].values.values() if str(each).startswith("*")]
        assert ("*" not in patterns) is sure, text


def test_more_literals_than_are_worth_it_are_not_looked_for() -> None:
    context = Context("", Schema({}, {}, {}, {}), Picture(), NOW)
    assert holds(context, ("t",), ("k",), ["a", "b", "c"]) == "(t glob :v1 or t glob :v2 or t glob :v3)"
    assert context.values == {"v1": '*k":"a"*', "v2": '*k":"b"*', "v3": '*k":"c"*'}
    assert holds(context, ("t",), ("k",), list("abcdefg")) == ""
