"""Kinds derived from the provider's models: each is collected, unique and stable, and its pages are followed."""

import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from bench.fake import Fake, serving
from collectors.aws import catalog, derived
from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.offers import Offers
from tests.fakes.estate import Estate

REGION = "us-east-1"
FLAGS = ("--synth=3", "--accounts=1", "--regions=1", "--scale=0.05")
SHARE = 16
"""One of so many services is read with every run of the tests, the others with the long ones."""


@cache
def whole() -> Catalog:
    return derived.extended(catalog.load(), frozenset(derived.index().values()))


def sample() -> tuple[str, ...]:
    return tuple(kind for kind, service in derived.index().items() if zlib.crc32(service.encode()) % SHARE == 0)


def entries(kinds: object) -> list[KindEntry]:
    """The derived kinds that are read, as far as the region offers their service."""
    offers = Offers()
    return [
        entry
        for entry in whole().kinds.values()
        if entry.derived
        and (kinds == "all" or entry.kind in sample())
        and (entry.worldwide or offers.has(whole().services[entry.call.service], REGION))
    ]


def synced(fake: Fake, home: Path, kinds: object) -> Estate:
    estate = Estate(fake, home / "s.db", settings={"kinds": kinds})
    estate.sync()
    return estate


def counts(estate: Estate) -> Mapping[str, int]:
    return Counter(dict(estate.query("select kind, count(*) from resource group by 1")))


def told(estate: Estate, kinds: object) -> dict[str, str]:
    """Derived scope → why it is not complete."""
    names = {entry.scope for entry in entries(kinds) if _is_rooted(entry)}
    return {key: why for key, (_, _, why) in estate.incomplete().items() if key.split("/")[3] in names}


def above(entry: KindEntry, found: Mapping[str, int], each: int) -> int:
    """How many there must be: so many in the place, or of each parent."""
    if entry.parent is None:
        return each
    parent = whole().kinds[entry.parent.kind]
    return each * (above(parent, found, 3) if parent.derived else found[parent.kind])


def wrong(estate: Estate, kinds: object) -> dict[str, tuple[int, int]]:
    """Kind → how many there are and how many there should be. Parents of the estate may be read or not."""
    found = counts(estate)
    wanted = {entry.kind: above(entry, found, 3) for entry in entries(kinds) if _is_rooted(entry)}
    return {kind: (found[kind], count) for kind, count in wanted.items() if found[kind] != count}


def _is_rooted(entry: KindEntry) -> bool:
    """Whether all its parents are derived: curated ones ask for ids of their own forms, which made ones have not."""
    while entry.parent is not None:
        entry = whole().kinds[entry.parent.kind]
        if not entry.derived:
            return False
    return True


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving(*FLAGS) as fake:
        yield fake


@pytest.fixture(scope="module")
def estate(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return synced(fake, tmp_path_factory.mktemp("derived"), sample())


def test_every_kind_of_the_sample_is_collected_three_times_in_a_place_or_of_each_parent(estate: Estate) -> None:
    assert len(sample()) > 50
    assert told(estate, sample()) == {}
    assert wrong(estate, sample()) == {}


def test_a_second_reading_of_derived_kinds_tells_nothing(estate: Estate) -> None:
    before, since = estate.picture(), estate.last_event()
    estate.sync()
    assert estate.changes(since) == []
    assert estate.picture() == before


def test_two_pages_of_a_derived_list_are_read(tmp_path: Path) -> None:
    with serving(*FLAGS, "--pages=2") as fake:
        estate = synced(fake, tmp_path, sample())
        assert told(estate, sample()) == {}
        found = counts(estate)
    paged = {entry.kind for entry in entries(sample()) if entry.parent is None and pages(entry)}
    assert len(paged) > 10
    assert {kind: found[kind] for kind in paged if found[kind] != 6} == {}


def test_a_derived_list_whose_pages_never_end_fails_instead(fake: Fake, tmp_path: Path) -> None:
    estate = Estate(fake, tmp_path / "s.db", settings={"kinds": sample()})
    estate.fault(do="endless")
    try:
        estate.sync()
    finally:
        estate.mend()
    failed = {key.split("/")[3]: why for key, why in told(estate, sample()).items()}
    paged = {entry.scope for entry in entries(sample()) if entry.parent is None and pages(entry)}
    assert {scope for scope in paged if "the same page token twice" not in failed.get(scope, "")} == set()


def pages(entry: KindEntry) -> dict[str, Any]:
    """What the pagination model says of the list; nothing for one that it does not know."""
    try:
        found: dict[str, Any] = Loader().load_service_model(entry.call.service, "paginators-1")["pagination"]
    except Exception:  # noqa: BLE001 - botocore names it by the service
        return {}
    return dict(found.get(entry.call.operation, {}))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_every_derived_kind_is_collected_and_stable(fake: Fake, tmp_path: Path) -> None:
    estate = synced(fake, tmp_path, "all")
    assert told(estate, "all") == {}
    assert wrong(estate, "all") == {}
    since = estate.last_event()
    estate.sync()
    assert estate.changes(since) == []


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_every_derived_list_is_paged(tmp_path: Path) -> None:
    with serving(*FLAGS, "--pages=2") as fake:
        estate = synced(fake, tmp_path, "all")
        assert told(estate, "all") == {}
        found = counts(estate)
    paged = [entry.kind for entry in entries("all") if entry.parent is None and pages(entry)]
    assert {kind: found[kind] for kind in paged if found[kind] != 6} == {}


def test_the_curated_catalog_calls_nothing_that_is_derived() -> None:
    kinds = catalog.load().kinds.values()
    called = {str(call) for entry in kinds for call in (entry.call, *(facet.call for facet in entry.facets))}
    assert [entry.kind for entry in whole().kinds.values() if entry.derived and str(entry.call) in called] == []


def test_the_index_names_every_derived_kind() -> None:
    files = {path.stem: tomllib.loads(path.read_text()) for path in derived.FOLDER.glob("*.toml")}
    assert derived.index() == {kind: name for name, kinds in files.items() for kind in kinds if kind != "service"}
