"""Which scopes a scheduled run leaves out: where nothing is, and where what is known is young enough. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from fnmatch import translate
from functools import cached_property
from zlib import crc32

from msgspec import Struct

from syncd.model import Scope
from syncd.settings import ScheduleSettings
from syncd.store.coverage import Coverage


class Cadence(Struct, frozen=True, dict=True):
    """`probe`: seconds after which an empty scope is asked again, 0 for each time.

    `least`: glob of kinds, or of scopes (with a /) → seconds that a scope is at least left alone; the longest counts.
    """

    probe: float = 0.0
    least: Mapping[str, float] = {}

    @property
    def leaves_out(self) -> bool:
        """Whether it ever leaves anything out."""
        return bool(self.probe or self.least)

    @property
    def longest(self) -> float:
        """Seconds after which everything has been asked, however little it matters."""
        return max((self.probe, *self.least.values()), default=0.0)

    @cached_property
    def _least(self) -> tuple[tuple[bool, re.Pattern[str], float], ...]:
        return tuple(("/" in glob, re.compile(translate(glob)), seconds) for glob, seconds in self.least.items())

    def least_of(self, scope: Scope) -> float:
        """A scope of several kinds is left alone only where all of them may be."""
        found = [seconds for whole, pattern, seconds in self._least if whole and pattern.match(scope.key)]
        ages = [
            max((seconds for whole, pattern, seconds in self._least if not whole and pattern.match(kind)), default=0.0)
            for kind in scope.kinds
        ]
        return max((*found, min(ages, default=0.0)))

    def rests(self, scope: Scope, row: Coverage | None, served: str | None, now: str) -> bool:
        """Whether the scope is left out. `row`: its coverage, None for one that is empty or was never read.

        `served`: up to when the place's empty scopes have been asked whenever it was their turn, "" if they never
        were; None for a scope that is not known to be empty. What is not complete is never left out.
        """
        least = self.least_of(scope)
        if row is not None:
            return row.state == "complete" and bool(row.read_at) and 0 <= _seconds(now) - _seconds(row.read_at) < least
        period = max(self.probe, least)
        return bool(served) and period > 0 and self._turn(scope, period, served or "") == self._turn(scope, period, now)

    @staticmethod
    def _turn(scope: Scope, period: float, moment: str) -> int:
        """Scopes take turns by a hash of their names, so that each run asks its share and nothing has to be stored."""
        return int((_seconds(moment) + crc32(scope.key.encode()) % period) // period)


def cadence_of(settings: ScheduleSettings) -> Cadence:
    """What the configuration says."""
    least = {glob: minutes * 60 for glob, minutes in settings.min_age_minutes.items()}
    return Cadence(settings.probe_hours * 3600, least)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
