"""The sample is the documentation: it has every key, shows every default, and no broken line of it goes unnoticed."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from syncd.config import examine, load
from syncd.errors import ConfigError
from syncd.installed import load_collectors
from syncd.plugin import Collector
from syncd.settings import SECTIONS
from tests.conftest import ROOT

SAMPLE = ROOT / "etc" / "syncd.toml"
TEXT = SAMPLE.read_text()
SWITCHED_ON = re.sub(r"^#(?=\w+ = |\[)", "", TEXT, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def collectors() -> Mapping[str, Collector]:
    """Those of this project, installed or not."""
    return load_collectors(["aws"])


def test_the_sample_loads_and_every_value_is_the_default(collectors: Mapping[str, Collector]) -> None:
    config = load(SAMPLE)
    assert {name: getattr(config, name) for name in SECTIONS} == {name: kind() for name, kind in SECTIONS.items()}
    assert config.collectors == {name: found.settings() for name, found in collectors.items()}


def test_the_lines_that_are_switched_off_can_be_switched_on(tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_text(SWITCHED_ON)
    organization = load(file).collectors["aws"].organization
    assert organization == type(organization)()


def test_the_sample_has_every_key_of_every_section(collectors: Mapping[str, Collector]) -> None:
    values = tomllib.loads(SWITCHED_ON)
    kinds: dict[str, type[Any]] = {**SECTIONS, **{name: found.settings for name, found in collectors.items()}}
    assert values.keys() == kinds.keys()
    for name, kind in kinds.items():
        assert values[name].keys() == {member.encode_name for member in msgspec.structs.fields(kind)}
        for key in inner_keys(inspect.type_info(kind)):
            assert re.search(rf"\b{key} = ", TEXT), key


def inner_keys(kind: inspect.Type) -> Iterator[str]:
    """The keys of a struct and of all structs inside it."""
    match kind:
        case inspect.StructType():
            for member in kind.fields:
                if not any(isinstance(inner, inspect.StructType) for inner in parts(member.type)):
                    yield member.encode_name
                yield from inner_keys(member.type)
        case inspect.UnionType() | inspect.CollectionType() | inspect.DictType() | inspect.Metadata():
            for inner in parts(kind):
                yield from inner_keys(inner)


def parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    match kind:
        case inspect.UnionType():
            return kind.types
        case inspect.CollectionType():
            return (kind.item_type,)
        case inspect.DictType():
            return (kind.value_type,)
        case inspect.Metadata():
            return (kind.type,)
    return ()


def test_drop_ins_lie_beside_the_sample() -> None:
    assert SAMPLE.with_suffix(".d").is_dir()


def mutations() -> Iterator[Any]:
    """Each line of the sample that says something, broken in every way that one slip can break it."""
    lines = SWITCHED_ON.splitlines()
    for number, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        for slip in (misspelt(line), wrong_type(line), line[:-1] if line[-1] in '"]' else line + "x", line + " ="):
            text = "\n".join([*lines[:number], slip, *lines[number + 1 :]])
            yield pytest.param(text, id=f"{number + 1}: {slip}")


def misspelt(line: str) -> str:
    return re.sub(r"\w", "", line, count=1) if re.match(r"\w{3}", line) else line.replace("[", "[x", 1)


def wrong_type(line: str) -> str:
    key, _, value = line.partition(" = ")
    return f"{key} = {'1' if value.startswith(('[', '{', chr(34))) else '[]'}" if value else line + "]"


@pytest.mark.parametrize("text", [*mutations()])
def test_any_broken_line_of_the_sample_gives_clear_lines_that_name_the_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_text(text)
    lines = told(file)
    assert lines
    for line in lines:
        assert re.fullmatch(rf"{re.escape(str(file))}: (not valid TOML: .+|[\w.\[\]]+: .+)", line)


def test_the_sample_cut_off_anywhere_loads_or_gives_clear_lines(tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    content = SWITCHED_ON.encode()
    for end in range(0, len(content), 23):
        file.write_bytes(content[:end])
        assert all(line.startswith(f"{file}: ") and "\n" not in line for line in told(file))


def told(file: Path) -> list[str]:
    try:
        return examine(file)[1]
    except ConfigError as error:
        return [str(error)]
