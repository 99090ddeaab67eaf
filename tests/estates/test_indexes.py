"""What appears without a tag and without a reference is read by the next scheduled run where an index tells of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.fake import Fake, serving
from syncd.once import sync_once
from syncd.plugin import Selection
from syncd.store.requests import SCHEDULE
from syncd.sync.summary import RunSummary
from tests.fakes.estate import Estate, credentials

VIEW = "arn:aws:resource-explorer-2:us-east-1:100000000001:view/all/x"
AGGREGATOR = {"name": "all", "account": "100000000001", "region": "us-east-1"}


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving("--accounts=1", "--regions=1", "--scale=0.1") as found:
        yield found


def scheduled(estate: Estate) -> RunSummary:
    with pytest.MonkeyPatch.context() as patch:
        credentials(patch, estate.fake, estate.path.parent)
        return asyncio.run(sync_once(estate.config(), Selection(), trigger=SCHEDULE))


def volumes(estate: Estate) -> int:
    return int(estate.query("select count(*) from resource where kind = 'aws_ec2_volume'")[0][0])


@pytest.mark.parametrize(
    ("settings", "seen"), [({}, False), ({"explorer": {"view": VIEW}}, True), ({"aggregator": AGGREGATOR}, True)]
)
def test_the_first_volume_is_there_after_the_next_run(
    fake: Fake, tmp_path: Path, settings: dict[str, Any], seen: bool
) -> None:
    kinds = ("aws_ec2_volume", "aws_ec2_host", "aws_ec2_instance")
    estate = Estate(fake, tmp_path / "s.db", {"kinds": kinds, **settings})
    fake.post("__estate", {"remove": {"ec2.volume": 1000}})
    try:
        first = scheduled(estate)
        assert (first.state, volumes(estate)) == ("complete", 0)
        fake.delete("__estate")
        second = scheduled(estate)
        assert (second.state, volumes(estate) > 0) == ("complete", seen)
    finally:
        fake.delete("__estate")
