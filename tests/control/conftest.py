"""A daemon with the fake cloud, as a real process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Desk, desk_at
from tests.control.visitors import open_place
from tests.fakes.daemon import Running, running


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_at(tmp_path)


@pytest.fixture
def open_desk() -> Iterator[Desk]:
    """At a place that other users reach."""
    with open_place() as place:
        yield desk_at(place)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests of a module that change nothing in it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "SYNCD_"))]:
            patch.delenv(name)
        desk = desk_at(tmp_path_factory.mktemp("quiet"))
    with running(desk, measured=True) as started:
        yield started


@pytest.fixture
def daemon(desk: Desk) -> Iterator[Running]:
    """Nothing is scheduled."""
    with running(desk) as started:
        yield started
