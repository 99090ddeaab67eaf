"""When a notice is tried again, and when a target as a whole is left alone. Pure: clocks and chance are given."""

from dataclasses import dataclass

DELAYS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt: ten of them over 75 hours."""
JITTER = 0.2
LONGEST_AFTER = 86_400.0
"""Seconds for which a target may ask to be left alone."""
LONGEST = max(LONGEST_AFTER, max(DELAYS) * (1 + JITTER)) + 60.0
"""No attempt is later than that, rounding and all."""


def delay(made: int, chance: float, after: float | None = None) -> float | None:
    """Seconds until the next attempt after `made` failed ones; None: that was the last.

    `chance` from 0 to 1 spreads it by ± 20 %; `after` is what the target asked for, which is never cut short by chance.
    """
    if made >= len(DELAYS):
        return None
    spread = DELAYS[made] * (1 - JITTER + 2 * JITTER * chance)
    return max(spread, min(after, LONGEST_AFTER)) if after else spread


@dataclass(slots=True)
class Breaker:
    """One for each target, in monotonic seconds. After failures in a row one attempt at a time is let through, each

    after a pause longer than the last: a dead endpoint takes no place from others.
    """

    failures: int = 0
    until: float = 0.0

    MOST = 5
    FIRST = 10.0
    LONGEST = 600.0

    @property
    def open(self) -> bool:
        return self.failures >= self.MOST

    def places(self, now: float, under_way: int, most: int) -> int:
        """How many more attempts may begin."""
        if now < self.until:
            return 0
        return max(0, (1 if self.open else most) - under_way)

    def succeeded(self) -> None:
        self.failures, self.until = 0, 0.0

    def failed(self, now: float, after: float | None = None) -> None:
        """`after`: the target asked to be left alone so long, which is heeded for all of its notices, up to a limit."""
        self.failures += 1
        pause = self.FIRST * 2.0 ** min(self.failures - self.MOST, 16) if self.open else 0.0
        self.until = max(self.until, now + min(self.LONGEST, max(pause, after or 0.0)))
