"""A whole estate: complete whatever the network is like, quiet when nothing changed, exact when something did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.fake import ESTATES, Fake, serving
from bench.truth import SYNCD_KINDS, differences
from tests.fakes.estate import Estate

ORGANIZATION = {"organization": {"role": "collector"}}
# What the fake estate holds. All other lists are empty, and one estate without them shows as much as five.
HELD = tuple(SYNCD_KINDS.values())
COMMON = {
    "S": ["--latency=0"],
    "S, 30 ms": ["--latency=30", "--jitter=10"],
    "S, throttled": ["--throttle=0.01", "--seed=23"],
    "M": ["--seed=5"],
    "W, but fewer accounts and two regions that hold something": ["--accounts=4", "--active-regions=2"],
}


def complete(fake: Fake, home: Path, kinds: str | tuple[str, ...] = HELD) -> Estate:
    estate = Estate(fake, home / "s.db", settings={**ORGANIZATION, "kinds": kinds})
    estate.limits = type(estate.limits)()  # as a user has them
    summary = estate.sync()
    assert summary.state == "complete", estate.incomplete()
    assert differences(fake.get("__truth"), estate.path) == []
    return estate


@pytest.mark.parametrize("name", COMMON)
def test_counts_equal_the_truth(name: str, tmp_path: Path) -> None:
    size = ESTATES[name[0]]
    with serving(*size.flags(), *COMMON[name]) as fake:
        complete(fake, tmp_path, "curated" if name == "S" else HELD)


@pytest.mark.soak
@pytest.mark.parametrize("size", "LW")
@pytest.mark.parametrize("flags", [["--latency=0"], ["--latency=30", "--jitter=10", "--throttle=0.01", "--seed=99"]])
@pytest.mark.timeout(600)
def test_counts_of_the_large_estates_equal_the_truth(size: str, flags: list[str], tmp_path: Path) -> None:
    with serving(*ESTATES[size].flags(), *flags) as fake:
        complete(fake, tmp_path)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    home = tmp_path_factory.mktemp("s")
    with serving(*ESTATES["S"].flags()) as fake:
        yield complete(fake, home)


def test_a_second_sync_changes_nothing(estate: Estate) -> None:
    before, since = estate.picture(), estate.last_event()
    history = estate.query("select count(*) from node_history")
    assert estate.sync().state == "complete"
    assert (estate.picture(), estate.changes(since)) == (before, [])
    assert estate.query("select count(*) from node_history") == history


def test_exactly_what_was_changed_is_told_with_its_field(estate: Estate) -> None:
    since = estate.last_event()
    old = dict(estate.query("select urn, tags from resource"))
    generation = estate.fake.get("__mutate?permille=20")["generation"]
    estate.sync()
    new = dict(estate.query("select urn, tags from resource"))
    changed = sorted(urn for urn in new if new[urn] != old[urn])
    told = estate.changes(since)
    assert changed
    assert sorted(urn for _, urn, _ in told) == changed
    assert {type_ for type_, _, _ in told} == {"resource.updated"}
    wanted = {"changes": [{"path": "tags.rev", "old": None, "new": f"g{generation}"}]}
    assert all(body == wanted for _, _, body in told)
    since = estate.last_event()
    estate.sync()
    assert estate.changes(since) == []


def test_what_is_made_and_removed_is_told_once(estate: Estate) -> None:
    since = estate.last_event()
    estate.fake.post("__estate", {"remove": {"ec2.volume": 5}, "add": {"sns.topic": 2}})
    assert estate.sync().state == "complete"
    assert differences(estate.fake.get("__truth"), estate.path) == []
    told = estate.changes(since)
    assert sorted({(type_, urn.split(":")[2]) for type_, urn, _ in told}) == [
        ("resource.created", "sns"),
        ("resource.deleted", "ec2"),
    ]
    assert len(told) == 2 * (5 + 2)


def found(estate: Estate) -> list[list[tuple[object, ...]]]:
    """Resources and edges without who read them in which commit."""
    nodes = "select n.urn, n.hash, d.tags, d.common, d.body from node n join document d on d.node = n.key order by 1"
    return [estate.query(nodes), estate.query("select distinct src, type, dst from edge order by src, type, dst")]


def test_what_was_recognised_is_what_is_found_by_reading_all_of_it(estate: Estate, tmp_path: Path) -> None:
    estate.fake.get("__mutate?permille=20")
    recognised = estate.sync().same
    plain = Estate(estate.fake, tmp_path / "s.db", settings={**ORGANIZATION, "kinds": HELD})
    assert plain.sync().same == 0
    assert 0 < recognised < estate.sync().same
    assert found(estate) == found(plain)
