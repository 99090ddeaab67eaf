"""The reactions of the tests are installed as anybody's are."""

from pathlib import Path

import pytest

from tests.fakes.world import World
from tests.outbox.office import Office, install_reactions


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.syspath_prepend(str(install_reactions(tmp_path)))
    return Office(World(tmp_path / "s.db"))
