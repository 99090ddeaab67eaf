"""What every test may use: an environment without the user's settings, and a collector installed like anybody's."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.fakes.born import nursery

# Machines are shared: how long an example takes says nothing of what it shows.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


ROOT = Path(__file__).parents[1]

PROCESSES = "COVERAGE_PROCESS_CONFIG"
FOLLOWING = pytest.StashKey[str]()

MEASURING: dict[str, str] = {}
"""What makes coverage follow a child process of the test that goes on: for those that are told to."""

MEASURED_CASES = 50
"""Of a test with many: those that follow reach next to nothing that these have not."""


WHOLE_ESTATES = tuple(
    f"tests/{each}/" for each in ("bench", "demo", "estates", "faults", "moto", "rules_pack", "state")
)
"""Here it is the many resources that cost: other tests reach what these reach."""


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measuring takes as long again as what is measured: it is left out where it tells next to nothing.

    pytest-cov has a marker for that, `no_cover`, which stops nothing in the processes of pytest-xdist: coverage began
    there with the process, before the plugin, and where the plugin pauses that one goes on.
    """
    here, elsewhere = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(elsewhere)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All test processes import the same modules: the first of them measures that."""
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        return (yield)
    with unmeasured():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What chance reaches is not measured: it would be another measure each time, and hundreds of examples cost it."""
    cases: Counter[str] = Counter()
    for item in items:
        cases[test := item.nodeid.partition("[")[0]] += 1
        random = is_hypothesis_test(getattr(item, "function", None))
        if random or cases[test] > MEASURED_CASES or test.startswith(WHOLE_ESTATES):
            item.add_marker(pytest.mark.unmeasured)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if item.get_closest_marker("unmeasured") is None:
        return (yield)
    with unmeasured():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stand-ins would be slowed down for nothing, and those that are killed tell nothing."""
    if found := os.environ.pop(PROCESSES, ""):
        item.session.stash[FOLLOWING] = found
    MEASURING.clear()
    if FOLLOWING in item.session.stash and item.get_closest_marker("unmeasured") is None:
        MEASURING[PROCESSES] = item.session.stash[FOLLOWING]


@pytest.fixture(scope="session", autouse=True)
def interruptible_children() -> None:
    """A shell that runs the tests in its background has them ignore Ctrl-C, and whatever they start as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def closed_nursery() -> Iterator[None]:
    yield
    nursery.close()


@pytest.fixture(scope="session")
def kept_for_the_next_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What starting computes, for the processes of all tests: nobody's second start computes it again either."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept_for_the_next_start: Path) -> None:
    """No test reads the credentials, configuration or state of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SYNCD_", "XDG_", "CREDENTIALS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept_for_the_next_start))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_COLOR", "1")


def install_fake(place: Path) -> Path:
    """A directory for the import path: a distribution whose entry point is the collector `fake`."""
    about = place / "plugins" / "fakecloud-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fakecloud\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[syncd.collectors]\nfake = tests.fakes.plugin:collector\n")
    return about.parent


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector `fake` is installed in this process."""
    monkeypatch.syspath_prepend(str(install_fake(tmp_path)))
