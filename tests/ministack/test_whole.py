"""On ministack, every list of the whole catalog that it implements is read; what it cannot do is named.

Slow: `pytest -m soak tests/ministack`, after an update of ministack. What that has learned goes out of cannot.toml.
"""

from pathlib import Path

import pytest

from collectors.aws import catalog
from demo.place import PROJECT
from tests.fakes.once import once
from tests.ministack import estate
from tests.ministack.reading import CANNOT, SERVICES, Store, read
from tests.moto.test_catalog import EXPECTED

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(once(tmp_path_factory, "ministack-whole", _read_everything))


def _read_everything(folder: Path) -> None:
    read(folder, estate.everything, "all")


def test_exactly_what_ministack_cannot_do_fails(store: Store) -> None:
    unread = store.unread()
    assert {service: sorted(names) for service, names in unread.items() if service not in SERVICES} == CANNOT["cannot"]
    assert set(unread) >= SERVICES
    assert {name for name, state, _, _ in store.incomplete if state == "partial"} == CANNOT["parts"].keys()


def test_a_service_that_is_said_to_be_missing_refuses_everything(store: Store) -> None:
    said = {reason for _, _, operation, reason in store.incomplete if operation.split(":")[0] in SERVICES}
    assert {reason for reason in said if not reason.endswith(": HTTP 400")} == set()


def test_every_kind_whose_list_was_read_is_there_with_its_name_and_tags(store: Store) -> None:
    failed = {name for name, state, _, _ in store.incomplete if state != "partial"}
    listed = catalog.load().kinds
    kinds = {kind for kind in EXPECTED if kind not in listed or listed[kind].scope not in failed} - CANNOT[
        "unmade"
    ].keys()
    assert len(kinds) > 150
    assert {kind for kind in kinds if not store.names(kind) or "" in store.names(kind)} == set()
    named = {kind: EXPECTED[kind]["name"] for kind in kinds if "name" in EXPECTED[kind]}
    assert {kind for kind, name in named.items() if name not in store.names(kind)} == CANNOT["unnamed"].keys()
    tagged = {kind for kind in kinds if EXPECTED[kind].get("tagged", True)}
    assert {kind for kind in tagged if not store.is_tagged(kind, PROJECT)} == CANNOT["untagged"].keys()


def test_what_ministack_refuses_to_make_is_named(store: Store) -> None:
    """Of the services that it has: of the others, it refuses everything."""
    refused = {call for call in store.refused if call.split(".")[0] not in SERVICES}
    assert refused == set(CANNOT["refused"]["calls"])
    assert {kind for kind in CANNOT["unmade"] if store.names(kind)} == set()


def test_a_second_reading_of_everything_tells_nothing(store: Store) -> None:
    assert store.changes == []
