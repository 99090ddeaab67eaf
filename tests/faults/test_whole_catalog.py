"""What holds for a sample of kinds in each run of the tests, of all kinds at once: whatever strikes, nothing is lost.

Slow: `pytest -m soak tests/faults/test_whole_catalog.py`. There is one thing of each list, made up from the models;
some lists of curated kinds fail from the beginning, since made-up ids have not the forms that those ask for.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.fake import Fake, environment, serving
from tests.fakes.born import Born, nursery
from tests.fakes.estate import Estate
from tests.faults.test_crash import events

pytestmark = [pytest.mark.soak, pytest.mark.no_cover, pytest.mark.timeout(1800)]

FOUND = 10
"""Calls that find accounts and regions: without those nothing would be asked at all."""

MADE_UP = {"cloudtrail.trails"}
"""Once the tagging API has failed, a trail is asked for its own tags, and the made-up answer is about another trail."""

# Not malformed: another text in a made-up text is no fault that anybody could see, but a change.
LASTING: dict[str, dict[str, Any]] = {
    "denied": {},
    "expired": {},
    "throttled": {},
    "throttled, every third": {"share": 0.3},
    "internal": {},
    "disabled": {},
    "not_found": {},
    "garbage": {},
    "truncated": {},
    "endless": {},
    "cut": {},
    "cut, every third": {"share": 0.3},
}


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving("--synth=1", "--accounts=1", "--regions=1", "--scale=0.05") as running:
        yield running


@pytest.fixture(scope="module")
def estate(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    estate = Estate(fake, tmp_path_factory.mktemp("whole") / "s.db", settings={"kinds": "all"})
    estate.sync()
    assert estate.query("select count(distinct kind) from resource")[0][0] > 1200
    return estate


def strike(estate: Estate, *rules: dict[str, Any]) -> Counter[str]:
    """One sync under faults and one without: all that was known is known, and nothing is told. Returns what failed."""
    before, since, usual = estate.picture(), estate.last_event(), estate.incomplete().keys()
    estate.faults(*rules)
    try:
        estate.sync()
    finally:
        hits = [rule["hits"] for rule in estate.fake.get("__faults")]
        estate.mend()
    assert any(hits), "a fault never struck"
    assert estate.changes(since) == []
    assert estate.picture() == before
    struck = Counter(state for state, _, _ in estate.incomplete().values())
    estate.sync()
    assert estate.changes(since) == []
    assert estate.picture() == before
    left = {key.split("/")[3] for key in estate.incomplete().keys() - usual}
    assert left <= MADE_UP
    return struck


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_of_every_call_loses_nothing(estate: Estate, name: str) -> None:
    struck = strike(estate, {"do": name.partition(",")[0], "after": FOUND, **LASTING[name]})
    assert struck.total() > (200 if LASTING[name] or name == "endless" else 1000)


def test_one_denied_call_takes_its_own_scope_and_those_below(estate: Estate) -> None:
    usual = set(estate.incomplete())
    estate.fault(do="denied", service="appfabric", operation="ListAppBundles")
    try:
        estate.sync()
    finally:
        estate.mend()
    found = {key.split("/")[3]: each for key, each in estate.incomplete().items() if key not in usual}
    assert set(found) == {"appfabric.app_bundles", "appfabric.app_authorizations", "appfabric.ingestions"}
    assert {each[:2] for each in found.values()} == {("denied", "appfabric:ListAppBundles")}
    estate.sync()
    assert set(estate.incomplete()) == usual


def test_one_empty_answer_of_each_service_loses_nothing(estate: Estate) -> None:
    services = sorted({operation.split(":")[0] for operation in estate.fake.get("__stats")["ops"]})
    assert len(services) > 200
    strike(estate, *({"do": "empty", "service": service, "times": 1} for service in services))


def sync(fake: Fake, home: Path) -> Born:
    arguments = ["sync", "--quiet", "--config", str(home / "syncd.toml"), "--db", str(home / "s.db")]
    with Path(os.devnull).open("w") as quiet:
        own = {**os.environ, **environment(fake, home)}
        return nursery.bear("syncd.cli.syncd:main", *arguments, place=home, environment=own, out=quiet, err=quiet)


def test_crashes_in_the_midst_of_all_kinds_lose_nothing(fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "syncd.toml").write_text('[aws]\nkinds = "all"\n')
    estate, chance, died = Estate(fake, tmp_path / "s.db"), random.Random(5), 0
    assert sync(fake, tmp_path).wait() == 3
    begun = time.monotonic()
    assert sync(fake, tmp_path).wait() == 3
    usual, before, since = time.monotonic() - begun, estate.picture(), estate.last_event()
    for _ in range(5):
        process = sync(fake, tmp_path)
        time.sleep(chance.uniform(0.1, 0.7) * usual)
        process.send_signal(signal.SIGKILL)
        died += process.wait() == -signal.SIGKILL
        events(tmp_path / "s.db")
        assert estate.picture() == before
    assert died > 2
    assert sync(fake, tmp_path).wait() == 3
    assert (estate.changes(since), estate.picture()) == ([], before)
