"""On ministack, what a shop has every day is read with name and tags; what fails is what ministack does not have."""

from pathlib import Path

import pytest

from demo.place import PROJECT
from tests.fakes.once import once
from tests.ministack import estate
from tests.ministack.reading import CANNOT, SERVICES, Store, beside, read
from tests.moto.test_catalog import EXPECTED

KINDS = frozenset(CANNOT["everyday"]["kinds"])
UNNAMED = {*CANNOT["unnamed"], "aws_ec2_elastic_ip", "aws_rds_instance", "aws_vpc"}
"""Beside those without a name: what is looked for elsewhere is one that few shops have."""


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(once(tmp_path_factory, "ministack", _read_everyday))


def _read_everyday(folder: Path) -> None:
    read(folder, estate.everyday, beside(KINDS), absent=SERVICES, times=1)


def test_every_kind_that_was_made_is_there_with_its_name_and_tags(store: Store) -> None:
    assert {kind for kind in KINDS if not store.names(kind) or "" in store.names(kind)} == set()
    named = {kind: EXPECTED[kind]["name"] for kind in KINDS - UNNAMED if "name" in EXPECTED[kind]}
    assert {kind for kind, name in named.items() if name not in store.names(kind)} == set()
    tagged = {kind for kind in KINDS - CANNOT["untagged"].keys() if EXPECTED[kind].get("tagged", True)}
    assert {kind for kind in tagged if not store.is_tagged(kind, PROJECT)} == set()


def test_no_list_fails_but_those_that_ministack_does_not_have(store: Store) -> None:
    unread = {service: names - set(CANNOT["cannot"].get(service, ())) for service, names in store.unread().items()}
    assert {service: names for service, names in unread.items() if names} == {}
