"""Tests of ministack come where it is installed, and say where not."""

from pathlib import Path

import pytest

from tests.ministack import stand_in

HERE = Path(__file__).parent


def pytest_runtest_setup(item: pytest.Item) -> None:
    if HERE in item.path.parents and stand_in.found() is None:
        pytest.skip("ministack is not here: tests/ministack/stand_in.py says how to have it")
