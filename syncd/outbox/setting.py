"""What the outbox goes by: the configuration in force, which may be another at each look, and its clocks."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncd.errors import ConfigError
from syncd.installed import load_reactions
from syncd.plugin import Reaction
from syncd.quiet import Quiet, quiet_until
from syncd.settings import Config, Target

SOME = 100
"""Items of a notice to a target that is not there (any more)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall` in UTC, `mono` in monotonic seconds, `chance` from 0 to 1."""

    wall: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    mono: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Manner:
    """How a target is told: what its settings and its reaction say."""

    wait: float
    cap: int
    most: int = SOME
    apart: bool = False
    every_item: bool = False
    repeat: float = 0.0


def manner(config: Config, name: str) -> Manner:
    """Of a target that is not configured, or whose reaction is not installed, as of any."""
    target, usual = config.targets.get(name), config.outbox
    if target is None:
        return Manner(usual.wait_seconds, usual.cap)
    own = target.outbox
    wait = usual.wait_seconds if own.wait_seconds is None else own.wait_seconds
    cap = usual.cap if own.cap is None else own.cap
    try:
        found = reaction_of(target)
    except ConfigError:
        return Manner(wait, cap)
    return Manner(wait, cap, found.most, found.apart, found.every_item, found.repeat)


def reaction_of(target: Target) -> Reaction:
    """Raises ConfigError when it is not installed."""
    name = target.outbox.reaction
    return load_reactions([name])[name]


class Waits(Mapping[str, float]):
    """Target → seconds that it waits for more, for every name."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __getitem__(self, name: str) -> float:
        return manner(self._config, name).wait

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]  # of those that are known
        return iter(self._config.targets)

    def __len__(self) -> int:
        return len(self._config.targets)


def hushed(config: Config, silences: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """Rule → until when nobody is told of it, of those that are quiet or silenced now.

    Asked at every look of the dispatcher: of a thousand rules few have quiet times of their own.
    """
    found: dict[str, datetime] = {}
    ends = {
        quiet: quiet_until(map(Quiet.parse, quiet), config.schedule.timezone, now)
        for quiet in {rule.quiet for rule in config.rule.values() if rule.quiet}
    }
    for rule in config.rule.values():
        if rule.quiet and (until := ends[rule.quiet]):
            found[rule.name] = until
    for rule_name, text in silences.items():
        until = datetime.fromisoformat(text) if text else now
        if until > now:
            found[rule_name] = max(until, found.get(rule_name, until))
    return found
