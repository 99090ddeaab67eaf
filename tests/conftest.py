"""What every test may use: an environment without the user's settings, and a collector installed like anybody's."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.fakes.born import nursery

# Machines are shared: how long an example takes says nothing of what it shows.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


ROOT = Path(__file__).parents[1]


MEASURING: dict[str, str] = {}
"""What makes coverage follow a child process: for those that are told to."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What chance reaches is not measured: it would be another measure each time, and hundreds of examples cost it."""
    for item in items:
        if is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Stand-ins would be slowed down for nothing, and those that are killed tell nothing.

    Before each test: measuring that goes on after a test without it says so to child processes again.
    """
    if found := os.environ.pop("COVERAGE_PROCESS_CONFIG", ""):
        MEASURING["COVERAGE_PROCESS_CONFIG"] = found


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
