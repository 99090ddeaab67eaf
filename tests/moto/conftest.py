"""One moto with every kind that it can hold, read once by the real command; shared by all test processes."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import organization
from demo.cloud import cloud
from demo.estate import build, rare
from demo.estate.site import Site
from demo.place import Place
from demo.surroundings import clean
from tests.fakes.once import once
from tests.moto import enforced
from tests.moto.certificate import certificate


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What syncd made of it."""
    return once(tmp_path_factory, "moto", _read_everything) / "moto.db"


@pytest.fixture(scope="session")
def estate(store: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    yield connection
    connection.close()


def _read_everything(folder: Path) -> None:
    with cloud() as url:
        accounts = organization.found(url)
        site = Site(Place(url, accounts[1], build.HOME))
        build.everything(site)
        rare.build(site, *certificate())
        rare.policies(Place(url, accounts[0], build.HOME))
        config = folder / "moto.toml"
        # Staging is founded but empty: to ask it for every kind too would only take time.
        config.write_text(
            f'[store]\npath = "{folder / "moto.db"}"\n\n[sync]\nattempts = 1\n\n[log]\nlevel = "warning"\n\n'
            f'[aws]\nregion = "{build.HOME}"\nregions = {json.dumps([build.HOME])}\nendpoint_url = "{url}"\n'
            '\n[aws.organization]\nexclude = ["*-staging"]\n'
        )
        keys = accounts[0].credentials
        environment = clean(
            AWS_ACCESS_KEY_ID=keys.key, AWS_SECRET_ACCESS_KEY=keys.secret, AWS_SHARED_CREDENTIALS_FILE=os.devnull
        )
        told = subprocess.run(
            [sys.executable, "-m", "syncd", "sync", "--config", str(config)],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        # 3: some scopes are incomplete, which are what moto does not have.
        assert told.returncode == 3, told.stdout + told.stderr
        enforced.read(folder, url, accounts, build.HOME)
