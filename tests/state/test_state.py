"""Whatever happens in whatever order, and wherever the process dies: what is known is what was read last, each

difference is told once to whom it concerns, nothing is forgotten, and nothing is touched that must not be.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from syncd.log import Redaction, secrets
from tests.fakes.world import World
from tests.outbox.office import install_reactions
from tests.state.config import Choice
from tests.state.estate import SCOPES, Estate, Thing
from tests.state.hearer import Hearer
from tests.state.machine import Machine
from tests.state.process import Loop, Machinery, Process

NOTHING = Choice(big="", open=False, long=False, news=False)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What is logged, as the daemon has it; the loggers of other tests stay as they are."""
    stream, before = StringIO(), structlog.get_config()
    known = secrets(Choice().config({"chat": Hearer(), "pager": Hearer()}))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            Redaction(known),
            structlog.processors.JSONRenderer(default=str),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    yield stream
    structlog.configure(**before)


async def begin(place: Path) -> None:
    """A store in which every scope was read once."""
    cloud = Estate()
    for scope in SCOPES:
        cloud.live[scope] = {"a": Thing(size=1), "b": Thing(size=2, policy="open")}
    world = World(place / "begun.db", cloud)
    process = await Process.start(Machinery(world, cloud, NOTHING.config({"chat": Hearer(), "pager": Hearer()})))
    await process.begin()
    await process.sync()
    await process.outbox.follower.follow()
    await process.close()


def played(place: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch, examples: int, steps: int) -> None:
    monkeypatch.syspath_prepend(str(install_reactions(place)))
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(begin(place))
    run_state_machine_as_test(
        partial(Machine, place, log),  # type: ignore[arg-type]  # a factory will do
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.timeout(600)  # it waits for the disk more than it computes
def test_whatever_happens_nothing_is_lost_and_nothing_is_touched(
    tmp_path: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path, log, monkeypatch, 200, 6)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_whatever_happens_for_long_nothing_is_lost_and_nothing_is_touched(
    tmp_path: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path, log, monkeypatch, 5000, 40)
