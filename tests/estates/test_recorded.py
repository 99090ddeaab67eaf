"""Answers that were recorded by others: whatever they hold of a kind of the catalog becomes a node."""

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from bench.fake import serving
from collectors.aws.catalog import load
from collectors.aws.derive import CREATED
from collectors.aws.entries import KindEntry
from collectors.aws.outline import snake
from tests.fakes.estate import Estate

ROOT = Path(__file__).parents[2]
RECORDED = Path(os.environ.get("RECORDED_AWS", ROOT.parent / "shared" / "recorded" / "aws"))
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("recorded.toml").read_text())
CANNOT = {"aws_waf_cloudfront_web_acl": "the answer was recorded for another scope"}
TWICE = {
    "aws_bedrock_provisioned_model_throughput",
    "aws_ec2_network_interface",
    "aws_ec2_security_group",
    "aws_ec2_subnet",
    "aws_ecr_repository",
}
"""Several different resources were recorded under one id: they are one node, and the scope is marked."""

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers: name their folder in RECORDED_AWS")


def recorded(entry: KindEntry) -> list[Any]:
    """What stands in the recorded answers to the kind's list: in the one without arguments, else in those with some."""
    folder = RECORDED / entry.call.service.replace("-", "_")
    name = xform_name(entry.call.operation, "-")
    files = sorted(folder.glob(f"{name}.json")) or sorted(folder.glob(f"{name}__*.json"))
    return [item for file in files for item in held(json.loads(file.read_text()), entry.path.split("."))]


def held(value: object, way: list[str]) -> list[Any]:
    if not way:
        return [value] if value else []
    part = value.get(way[0].removesuffix("[]")) if isinstance(value, dict) else None
    return (
        [item for each in part or () for item in held(each, way[1:])] if way[0].endswith("[]") else held(part, way[1:])
    )


def says_when(entry: KindEntry, item: Any) -> bool:
    names = (entry.created,) if entry.created else CREATED
    return isinstance(item, dict) and any(value and snake(name) in names for name, value in item.items())


ENTRIES = {entry.kind: entry for entry in load().kinds.values()}
ITEMS = {kind: recorded(entry) for kind, entry in ENTRIES.items()} if RECORDED.is_dir() else {}
WANTED = sorted(kind for kind, items in ITEMS.items() if items and kind not in CANNOT)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with serving("--recorded", str(RECORDED), "--accounts=1", "--regions=1") as fake:
        estate = Estate(fake, tmp_path_factory.mktemp("recorded") / "s.db", settings={"kinds": "curated"})
        estate.sync()
        yield estate


def test_every_recorded_resource_of_the_catalog_is_a_node_with_id_and_name(estate: Estate) -> None:
    have = dict(estate.query("select kind, count(*) from resource where id <> '' and name <> '' group by kind"))
    assert len(WANTED) >= 130
    assert {kind: have.get(kind, 0) for kind in WANTED if kind not in TWICE} == {
        kind: len(ITEMS[kind]) for kind in WANTED if kind not in TWICE
    }
    assert {kind for kind in TWICE if not 0 < have[kind] < len(ITEMS[kind])} == set()


def test_every_node_says_when_it_was_created_where_the_recording_does(estate: Estate) -> None:
    have = dict(estate.query("select kind, sum(created_at <> '') from resource group by kind"))
    told = {kind: sum(says_when(ENTRIES[kind], item) for item in ITEMS[kind]) for kind in WANTED if kind not in TWICE}
    assert sum(map(bool, told.values())) > 60
    assert {kind: (have[kind], count) for kind, count in told.items() if have[kind] < count} == {}


def test_recorded_tags_are_on_the_nodes(estate: Estate) -> None:
    for kind in (kind for kind in EXPECTED if "tag" in EXPECTED[kind]):
        ((key, value),) = EXPECTED[kind]["tag"].items()
        tags = [json.loads(tags) for (tags,) in estate.query("select tags from resource where kind = ?", kind)]
        assert value in [each.get(key) for each in tags], kind


def test_recorded_references_are_edges(estate: Estate) -> None:
    rows = estate.query("select distinct from_kind, type || ' ' || to_kind from relation")
    wanted = {(kind, edge) for kind, told in EXPECTED.items() for edge in told.get("edges", ())}
    assert len(wanted) >= 80
    assert wanted - set(rows) == set()


def test_no_recorded_kind_is_listed_as_impossible_without_need(estate: Estate) -> None:
    have = {kind for (kind,) in estate.query("select distinct kind from resource")}
    assert have & set(CANNOT) == set()


def test_what_contradicts_itself_is_shown_and_marked(estate: Estate) -> None:
    """Three groups were recorded under one id."""
    broken = {scope.split("/", 3)[3]: state for scope, (state, _, _) in estate.incomplete().items()}
    assert {broken[ENTRIES[kind].scope] for kind in TWICE} == {"failed"}
    assert estate.query("select count(*) from aws_ec2_security_group") == [(1,)]
