"""The made estate, read once by the real collector; shared by all test processes."""

import asyncio
import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from bench.fake import Fake
from syncd.config import load
from syncd.once import sync_once
from syncd.plugin import Selection, load_collectors
from syncd.settings import Config, RuleSettings, StoreSettings, SyncSettings
from syncd.sync.summary import RunSummary
from tests.conftest import ROOT
from tests.fakes.estate import credentials
from tests.rules_pack.cloud import HOME
from tests.rules_pack.estate import AFAR, BARE, NARROW, estate

PACK = ROOT / "etc" / "rules"


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, RuleSettings]:
    """As the daemon reads it, all of it switched on."""
    file = tmp_path_factory.mktemp("pack") / "syncd.toml"
    file.write_text(f'[rules]\ndirectories = ["{PACK}"]\nenable = ["*"]\n')
    return load(file).rule


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What syncd made of it. The first process reads, the others wait for its file."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    file = shared / "rules.db"
    with (shared / "rules.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "rules.done").exists():
            assert asyncio.run(_read(file)).state == "complete"
            (shared / "rules.done").touch()
    return file


@pytest.fixture
def connection(store: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, isolation_level=None)
    yield connection
    connection.close()


async def _read(file: Path) -> RunSummary:
    async with estate().serving() as url:
        with pytest.MonkeyPatch.context() as patch:
            credentials(patch, Fake(url, 0), file.parent)
            return await sync_once(_config(file), Selection())


def _config(file: Path) -> Config:
    roles = [f"arn:aws:iam::{account}:role/syncd" for account in (BARE, AFAR, NARROW)]
    kinds = sorted(set(re.findall(r"\baws_[a-z0-9_]+", "".join(path.read_text() for path in PACK.glob("*.toml")))))
    settings = {"region": HOME, "organization": {}, "roles": roles, "kinds": kinds}
    collector = load_collectors(["aws"])["aws"]
    return Config(
        store=StoreSettings(path=str(file)),
        sync=SyncSettings(attempts=1),
        collectors={"aws": msgspec.convert(settings, collector.settings)},
    )
