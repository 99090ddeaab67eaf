"""What the control socket looks at and steers: the parts of the running daemon."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from syncd.acts.plans import Plans
from syncd.control.door import Door
from syncd.errors import ConfigError
from syncd.hearing.ears import Ears
from syncd.outbox.work import Outbox
from syncd.plugin import Collector
from syncd.rules.shell import Rules
from syncd.runs import Runs
from syncd.settings import Config
from syncd.store.observed import Observed
from syncd.store.store import Store
from syncd.sync.limits import Limits
from syncd.sync.perform import now
from syncd.telemetry import Facts, Lag, Telemetry
from syncd.timetable import Timetable
from syncd.workflow import Participants


async def _not_ready() -> None:
    raise ConfigError("the daemon is not ready to reload")


@dataclass(slots=True)
class Setting:
    """The configuration in force. `refused` says why the last one that was to replace it was not taken."""

    config: Config
    loaded: str
    refused: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Core:
    """`started` in ISO 8601, `begun` in monotonic seconds. `reload` raises ConfigError and then changes nothing.

    `troubles`: what is wrong now, by where; status tells them. `observed`: what searches could use an index for.
    """

    store: Store
    runs: Runs
    plans: Plans
    collectors: Mapping[str, Collector]
    setting: Setting
    timetable: Timetable
    participants: Participants
    rules: Rules
    limits: Limits
    telemetry: Telemetry
    door: Door
    outbox: Outbox
    ears: Ears
    lag: Lag = field(default_factory=Lag)
    reload: Callable[[], Awaitable[None]] = _not_ready
    check: Callable[[], list[str]] = list
    started: str = field(default_factory=now)
    begun: float = field(default_factory=time.monotonic)
    stopping: bool = False
    facts: Facts | None = None
    troubles: dict[str, str] = field(default_factory=dict)
    observed: Observed = field(default_factory=Observed)
