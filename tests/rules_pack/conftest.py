"""The made estate, read by the real collector: once in full, then half blind; shared by all test processes."""

import asyncio
import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.fake import Fake
from collectors.aws.catalog import load as load_catalog
from syncd.installed import load_collectors
from syncd.once import sync_once
from syncd.plugin import Selection
from syncd.settings import Config, RuleSettings, StoreSettings, SyncSettings
from syncd.sync.summary import RunSummary
from tests.fakes.estate import credentials
from tests.rules_pack.cloud import HOME, Cloud
from tests.rules_pack.estate import AFAR, BARE, NARROW, estate
from tests.rules_pack.table import PACK, loaded

WHOLE = {"organization": {}, "roles": [f"arn:aws:iam::{account}:role/syncd" for account in (BARE, AFAR, NARROW)]}
NEIGHBOURS = {
    "iam.ListMFADevices", "cloudtrail.DescribeTrails", "guardduty.ListDetectors", "ec2.DescribeFlowLogs",
    "ec2.DescribeRouteTables", "ec2.DescribeImages",
}  # fmt: skip
"""Lists of what rules look for beside a resource."""
OF_ACCOUNTS = {"iam.GetAccountPasswordPolicy", "s3.GetBucketLifecycle"}


@pytest.fixture(scope="session")
def pack() -> Mapping[str, RuleSettings]:
    return loaded()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture
def connection(shared: Path) -> Iterator[sqlite3.Connection]:
    """To what syncd made of it all."""
    yield from _connected(_store(shared / "rules", estate(), WHOLE, "complete"))


@pytest.fixture
def blind(shared: Path) -> Iterator[sqlite3.Connection]:
    """To what it made of it when it might read lists of resources, and nothing about them."""
    kinds = load_catalog().kinds.values()
    facets = {str(facet.call) for entry in kinds for facet in entry.facets} - {str(entry.call) for entry in kinds}
    yield from _refused(shared / "blind", facets | NEIGHBOURS | OF_ACCOUNTS, {})


@pytest.fixture
def half_blind(shared: Path) -> Iterator[sqlite3.Connection]:
    """The same when a part was refused on which more depends once another part is seen."""
    kinds = ["aws_s3_bucket", "aws_iam_user", "aws_iam_mfa_device"]
    yield from _refused(shared / "half-blind", {"iam.ListMFADevices", "s3.GetPublicAccessBlock"}, {"kinds": kinds})


def _refused(place: Path, operations: set[str], settings: Mapping[str, Any]) -> Iterator[sqlite3.Connection]:
    cloud = estate()
    cloud.refused = frozenset(operations)
    yield from _connected(_store(place, cloud, settings, "incomplete"))


def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, isolation_level=None)
    yield connection
    connection.close()


def _store(place: Path, cloud: Cloud, settings: Mapping[str, Any], ends: str) -> Path:
    """The first process reads, the others wait for its file."""
    place.mkdir(exist_ok=True)
    file = place / "s.db"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            assert asyncio.run(_read(file, cloud, settings)).state == ends
            (place / "done").touch()
    return file


async def _read(file: Path, cloud: Cloud, settings: Mapping[str, Any]) -> RunSummary:
    async with cloud.serving() as url:
        with pytest.MonkeyPatch.context() as patch:
            credentials(patch, Fake(url, 0), file.parent)
            return await sync_once(_config(file, settings), Selection())


def _config(file: Path, settings: Mapping[str, Any]) -> Config:
    """Only the kinds that rules name: the rest would be read for nothing."""
    named = re.findall(r"\baws_[a-z0-9_]+", "".join(path.read_text() for path in PACK.glob("*.toml")))
    collector = load_collectors(["aws"])["aws"]
    return Config(
        store=StoreSettings(path=str(file)),
        sync=SyncSettings(attempts=1),
        collectors={
            "aws": msgspec.convert({"region": HOME, "kinds": sorted(set(named)), **settings}, collector.settings)
        },
    )
