"""Which (target, rule) waits for more of its kind, and until when. Pure.

In monotonic seconds, which are given: no clock that jumps matters.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

Pair = tuple[str, str]
"""Target and rule."""


class Waiting:
    """`wait(target)`: seconds that the first news of a rule waits for more."""

    def __init__(self) -> None:
        self._ripe: dict[Pair, float] = {}

    def load(self, stored: Mapping[Pair, str], wait: Mapping[str, float], wall: datetime, mono: float) -> None:
        """What waited when the process began goes on waiting, never longer than it would have to now."""
        for pair, asked in stored.items():
            longest = wait[pair[0]]
            age = (wall - datetime.fromisoformat(asked)).total_seconds()
            self._ripe.setdefault(pair, mono + min(longest, max(0.0, longest - age)))

    def add(self, pairs: Iterable[Pair], wait: Mapping[str, float], mono: float) -> None:
        for pair in pairs:
            self._ripe.setdefault(pair, mono + wait[pair[0]])

    def take(self, mono: float) -> list[Pair]:
        """Those whose time has come wait no longer."""
        ripe = [pair for pair, at in self._ripe.items() if at <= mono]
        for pair in ripe:
            del self._ripe[pair]
        return ripe

    def put_off(self, pair: Pair, until: float) -> None:
        self._ripe[pair] = min(until, self._ripe.get(pair, until))

    def next(self) -> float | None:
        return min(self._ripe.values(), default=None)
