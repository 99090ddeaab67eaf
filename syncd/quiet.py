"""Times of the week at which nobody is to be told: "22:00-07:00", "Sat,Sun", "22:00-07:00 Mon-Fri". Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:([01]?\d|2[0-3]):([0-5]\d)|(24:00))")
_DAY = re.compile(r"([A-Za-z]{3})(?:-([A-Za-z]{3}))?")
_WANTED = 'expected times and days such as "22:00-07:00", "Sat,Sun" or "22:00-07:00 Mon-Fri"'


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` until `end` on the days (0 is Monday) on which it begins; an `end` not after it is tomorrow's."""

    start: time
    end: time
    days: frozenset[int]

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> "Quiet":
        """ValueError: a sentence with what was found and expected."""
        start, end, days = time(0), time(0), frozenset(range(7))
        for part in _parts(text):
            if hours := _HOURS.fullmatch(part):
                start = time(int(hours[1]), int(hours[2]))
                end = time(0) if hours[5] else time(int(hours[3]), int(hours[4]))
            else:
                days = _days(part, text)
        return cls(start, end, days)

    def ends(self, at: datetime) -> datetime | None:
        """When the quiet ends in which the local time `at` lies; None when it lies in none."""
        for back in (1, 0):
            day = at.date() - timedelta(days=back)
            begins = datetime.combine(day, self.start, at.tzinfo)
            ends = datetime.combine(day + timedelta(days=self.end <= self.start), self.end, at.tzinfo)
            if day.weekday() in self.days and begins <= at < ends:
                return ends
        return None


def quiet_until(quiet: Iterable[Quiet], zone: str, now: datetime) -> datetime | None:
    """The end of the quiet that holds at `now`, in UTC; None when it is not quiet. At most a week is looked ahead."""
    entries, at = tuple(quiet), now.astimezone(_zone(zone))
    last = at + timedelta(days=7)
    until: datetime | None = None
    while at < last and (found := [end for entry in entries if (end := entry.ends(at))]):
        at = until = max(found)
    return until.astimezone(UTC) if until else None


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _parts(text: str) -> list[str]:
    """At most one of each sort, in any order."""
    parts = text.split()
    hours = sum(_HOURS.fullmatch(part) is not None for part in parts)
    if not parts or hours > 1 or len(parts) - hours > 1:
        raise ValueError(f'found "{text[:40]}", {_WANTED}')
    return parts


def _days(part: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        named = _DAY.fullmatch(piece)
        names = [name.capitalize() for name in named.groups() if name] if named else []
        if not names or any(name not in DAYS for name in names):
            raise ValueError(f'found "{text[:40]}", {_WANTED}')
        first, last = DAYS.index(names[0]), DAYS.index(names[-1])
        found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(found)
