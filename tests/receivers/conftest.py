"""Tests of receivers come last, and are skipped where their parts are not here by then."""

import pytest

from tests.receivers.servers import fetched, missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_is_here)
    for item in filter(_is_here, items):
        item.add_marker(pytest.mark.timeout(900))  # with what they wait for


def _is_here(item: pytest.Item) -> bool:
    return item.nodeid.startswith("tests/receivers/")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        fetched()
        if reason := missing(mark.args[0]):
            pytest.skip(reason)
