"""Tests of receivers come last, and are skipped where their parts are not here by then."""

from pathlib import Path

import pytest

from tests.receivers.servers import fetched, missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: HERE in item.path.parents)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))  # with what they wait for


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        fetched()
        if reason := missing(mark.args[0]):
            pytest.skip(reason)
