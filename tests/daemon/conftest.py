"""A daemon with the fake cloud, as a real process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Desk, ask, desk_at
from tests.fakes.daemon import Running, running

__all__ = ["ask"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_at(tmp_path)


@pytest.fixture
def daemon(desk: Desk) -> Iterator[Running]:
    """Nothing is scheduled."""
    with running(desk) as started:
        yield started


@pytest.fixture
def slow(desk: Desk) -> Iterator[Running]:
    """Its runs do not end by themselves."""
    with running(desk, fake={"delay": "60.0"}) as started:
        yield started
