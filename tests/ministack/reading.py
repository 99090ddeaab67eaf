"""One account and one region of ministack, filled and read by the real command; and what it cannot do."""

import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from collectors.aws import catalog
from demo.estate.build import HOME
from demo.place import Account, Credentials
from demo.surroundings import clean
from tests.ministack.estate import Tolerant
from tests.ministack.stand_in import cloud

ACCOUNT = "111122223333"
CANNOT: dict[str, Any] = tomllib.loads(Path(__file__).with_name("cannot.toml").read_text())
SERVICES = frozenset(CANNOT["services"])


def beside(kinds: Collection[str]) -> list[str]:
    """All kinds that people have written of the services that these are of, and those that no service lists."""
    known = catalog.load().kinds
    services = {known[kind].call.service for kind in kinds if kind in known}
    listed = (kind for kind, entry in known.items() if entry.call.service in services)
    return [*listed, *(kind for kind in kinds if kind not in known)]


def read(
    folder: Path, fill: Callable[[Tolerant], None], kinds: str | list[str], absent: Iterable[str] = (), times: int = 2
) -> None:
    """Leaves a store, and what was refused when the estate was built."""
    with cloud(folder) as url:
        account = Account(ACCOUNT, "bookshop-production", "production", Credentials(ACCOUNT, "secret"))
        place = Tolerant(url, account, HOME, absent=frozenset(absent))
        fill(place)
        (folder / "refused.json").write_text(json.dumps(place.refused))
        config = folder / "ministack.toml"
        config.write_text(
            f'[store]\npath = "{folder / "ministack.db"}"\n\n[sync]\nattempts = 1\n\n[log]\nlevel = "error"\n\n'
            f"[aws]\nkinds = {json.dumps(kinds)}\n"
            f'region = "{HOME}"\nregions = {json.dumps([HOME])}\nendpoint_url = "{url}"\n\n[aws.organization]\n'
        )
        for _ in range(times):
            _sync(config)


def _sync(config: Path) -> None:
    keys = clean(AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="secret", AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    command = [sys.executable, "-m", "syncd", "sync", "--config", str(config)]
    told = subprocess.run(command, env=keys, check=False, capture_output=True, text=True)
    assert told.returncode == 3, told.stdout + told.stderr  # 3: what ministack does not have is incomplete


class Store:
    """What syncd made of it."""

    def __init__(self, folder: Path) -> None:
        self.refused: dict[str, str] = json.loads((folder / "refused.json").read_text())
        with closing(sqlite3.connect(f"file:{folder / 'ministack.db'}?mode=ro", uri=True)) as connection:
            self.incomplete: list[tuple[str, str, str, str]] = connection.execute(
                "select name, state, operation, reason from coverage where state <> 'complete'"
            ).fetchall()
            self._resources = connection.execute(
                "select kind, name, tags ->> '$.project', tags ->> '$.owner' from resource"
            ).fetchall()
            self.changes = connection.execute("select type, urn from event where type like 'resource.%'").fetchall()

    def unread(self) -> dict[str, set[str]]:
        """Service → operations whose lists could not be had."""
        found: dict[str, set[str]] = {}
        for _, state, operation, _ in self.incomplete:
            service, _, name = operation.partition(":")
            if state != "partial":
                found.setdefault(service, set()).add(name)
        return found

    def names(self, kind: str) -> set[str]:
        return {name for each, name, _, _ in self._resources if each == kind}

    def is_tagged(self, kind: str, project: str) -> bool:
        return any(each == kind and of == project and owner for each, _, of, owner in self._resources)
