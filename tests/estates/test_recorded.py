"""Answers that were recorded by others: whatever they hold of a kind of the catalog becomes a node."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name

from bench.fake import serving
from collectors.aws.catalog import load
from collectors.aws.entries import KindEntry
from tests.fakes.estate import Estate

ROOT = Path(__file__).parents[2]
RECORDED = Path(os.environ.get("RECORDED_AWS", ROOT.parent / "shared" / "recorded" / "aws"))
CANNOT = {
    "aws_waf_cloudfront_web_acl": "the answer was recorded for another scope",
}

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers: name their folder in RECORDED_AWS")


def recorded(entry: KindEntry) -> bool:
    """Whether an answer to the kind's list was recorded that holds something at the kind's path."""
    folder = RECORDED / entry.call.service.replace("-", "_")
    name = xform_name(entry.call.operation, "-")
    return any(holds(json.loads(file.read_text()), entry.path.split(".")) for file in folder.glob(f"{name}*.json"))


def holds(value: object, way: list[str]) -> bool:
    if not way:
        return bool(value)
    part = value.get(way[0].removesuffix("[]")) if isinstance(value, dict) else None
    return any(holds(each, way[1:]) for each in (part or ())) if way[0].endswith("[]") else holds(part, way[1:])


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with serving("--recorded", str(RECORDED), "--accounts=1", "--regions=1") as fake:
        estate = Estate(fake, tmp_path_factory.mktemp("recorded") / "s.db", settings={"kinds": "curated"})
        estate.sync()
        yield estate


def test_every_recorded_kind_of_the_catalog_has_nodes(estate: Estate) -> None:
    wanted = {entry.kind for entry in load().kinds.values() if entry.parent is None and recorded(entry)}
    have = {kind for (kind,) in estate.query("select distinct kind from resource")}
    assert len(wanted) > 40
    assert wanted - have == set(CANNOT) & wanted


def test_no_recorded_kind_is_listed_as_impossible_without_need(estate: Estate) -> None:
    have = {kind for (kind,) in estate.query("select distinct kind from resource")}
    assert have & set(CANNOT) == set()


def test_what_contradicts_itself_is_shown_and_marked(estate: Estate) -> None:
    """Three groups were recorded under one id."""
    broken = {scope.split("/", 3)[3]: state for scope, (state, _, _) in estate.incomplete().items()}
    assert broken["ec2.security_groups"] == "failed"
    assert estate.query("select count(*) from aws_ec2_security_group") == [(1,)]
