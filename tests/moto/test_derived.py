"""On moto, every list of the whole catalog that moto implements is read; what it cannot do is named."""

import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from collectors.aws import catalog
from demo import organization
from demo.cloud import cloud
from demo.surroundings import clean

REGION = "us-east-1"
HERE = Path(__file__).parent
CANNOT: dict[str, list[str]] = tomllib.loads((HERE / "cannot_derived.toml").read_text())["cannot"]
"""Service → the operations of the catalog that moto 5.2 does not answer as AWS does."""


def read(folder: Path) -> Path:
    """The store of one account's whole catalog in one region of an empty moto."""
    with cloud() as url:
        keys = organization.found(url)[0].credentials
        config = folder / "moto.toml"
        config.write_text(
            f'[store]\npath = "{folder / "moto.db"}"\n\n[sync]\nattempts = 1\n\n[log]\nlevel = "error"\n\n'
            f'[aws]\nkinds = "all"\nregion = "{REGION}"\nregions = {json.dumps([REGION])}\nendpoint_url = "{url}"\n'
        )
        environment = clean(
            AWS_ACCESS_KEY_ID=keys.key, AWS_SECRET_ACCESS_KEY=keys.secret, AWS_SHARED_CREDENTIALS_FILE=os.devnull
        )
        command = [sys.executable, "-m", "syncd", "sync", "--config", str(config)]
        told = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert told.returncode == 3, told.stdout + told.stderr  # 3: what moto does not have is incomplete
    return folder / "moto.db"


def incomplete(store: Path) -> dict[str, list[str]]:
    """Service → operations whose answers could not be had."""
    found: dict[str, set[str]] = {}
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    for (operation,) in connection.execute("select operation from coverage where state <> 'complete'"):
        service, _, name = operation.partition(":")
        found.setdefault(service, set()).add(name)
    connection.close()
    return {service: sorted(names) for service, names in sorted(found.items())}


def test_a_list_that_moto_cannot_do_for_curated_kinds_is_named_among_those_of_all() -> None:
    """But for those that are not asked here: per parent, or where the Organization is read."""
    unlisted = tomllib.loads((HERE / "cannot.toml").read_text())["unlisted"]
    kinds = catalog.load().kinds
    entries = [kinds[kind] for kind in unlisted]
    calls = {entry.call for entry in entries if entry.parent is None and not entry.organization}
    missing = {str(call) for call in calls if call.operation not in CANNOT.get(call.service, ())}
    assert missing == {"dsql.ListClusters", "s3tables.ListTableBuckets"}  # there in this region, not in the other one


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_nothing_fails_but_what_moto_cannot_do(tmp_path: Path) -> None:
    """When less fails, moto has learned something: it goes out of cannot_derived.toml."""
    assert incomplete(read(tmp_path)) == CANNOT
