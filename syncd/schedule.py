"""When a thing is due: pure decisions from a wall clock (aware datetimes) and a monotonic one (seconds), both given.

The wall clock says when. Where it jumps ahead, missed occasions run once; where it goes back, the monotonic clock sees
to it that nothing is held up for longer than `SLACK`.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from msgspec import Struct

SLACK = 300.0
"""Seconds for which a clock that was set back is waited for."""

LONGEST_SLEEP = 30.0
"""Seconds after which the clocks are looked at again: so much later a jump is noticed."""

_NAMED = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}
_EVERY = re.compile(r"@every\s+([1-9]\d{0,6})\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FIELDS = {
    "minute": "0-59",
    "hour": "0-23",
    "day of the month": "1-31",
    "month": "1-12 or JAN-DEC",
    "day of the week": "0-7 or SUN-SAT",
}
_EXPECTED = f'expected five fields like "0 * * * *", or {", ".join(_NAMED)}, or @every 15m'
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


class Cron(Struct, frozen=True):
    """Occasions by the calendar of a time zone; made with `parse`.

    Where the zone changes its clock, a fixed minute and hour comes once: after a skipped hour at its end, in a repeated
    one the first time. An expression whose minute or hour begins with `*` follows real time.
    """

    expression: str
    zone: tzinfo

    @classmethod
    def parse(cls, expression: str, timezone: str) -> "Cron":
        """`expression`: five fields or one of the names. ValueError: a sentence with what was found and expected."""
        fields = _NAMED.get(expression.strip().lower(), expression).split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"found {_shown(expression)} ({len(fields)} of five fields), {_EXPECTED}")
        for place, (name, wanted) in enumerate(_FIELDS.items()):
            if not _occurs(["*"] * place + [fields[place]] + ["*"] * (4 - place)):
                raise ValueError(
                    f"found {_shown(fields[place])} as {name} in {_shown(expression)}, "
                    f"expected *, {wanted}, or a list, range or step of these"
                )
        if not _occurs(fields):
            raise ValueError(f"found {_shown(expression)}, a day that never comes, {_EXPECTED}")
        return cls(" ".join(fields), _zone(timezone))

    def next_after(self, moment: datetime) -> datetime:
        """The first occasion strictly after `moment`, in UTC."""
        occasions = (found.astimezone(UTC) for found in CronSim(self.expression, moment.astimezone(self.zone)))
        # Asked within a repeated hour, cronsim begins with the occasions of its first pass.
        return next(occasion for occasion in occasions if occasion > moment)


class Every(Struct, frozen=True):
    """Occasions at a distance of `seconds` from the latest start. ValueError unless it is more than 0."""

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"found {self.seconds} seconds, expected more than 0")

    def next_after(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC) + timedelta(seconds=self.seconds)


def when(line: str, timezone: str) -> Cron | Every:
    """A cron line, or `@every` with a duration such as 90s, 15m or 2h. Raises ValueError as `Cron.parse` does."""
    if not line.strip().lower().startswith("@every"):
        return Cron.parse(line, timezone)
    found = _EVERY.fullmatch(line.strip().lower())
    if found is None:
        raise ValueError(f"found {_shown(line)}, expected @every with a duration such as 90s, 15m or 2h")
    return Every(int(found[1]) * _UNITS[found[2]])


class Entry(Struct, frozen=True):
    """One thing that is started on a schedule. `name`: "all", "collector:aws", "max_age:aws_ec2_*".

    `jitter`: up to so many seconds later than the occasion, never more than half of the way to the following one.
    """

    name: str
    when: Cron | Every
    jitter: float = 0.0


class Due:
    """When `entry` is to be started next; whoever starts it says so with `started`.

    `last`: wall time of its latest start, None if there was none. `chance`: 0 to 1, drawn once for each occasion.
    """

    def __init__(
        self, entry: Entry, last: datetime | None, wall: datetime, mono: float, chance: Callable[[], float]
    ) -> None:
        self.entry = entry
        self._chance = chance
        # A start that lies in the future was noted by a clock that has been set back since.
        occasion = entry.when.next_after(min(last, wall)) if last else wall
        self._expect(self._jittered(occasion) if occasion > wall else wall, wall, mono)

    @property
    def next_due(self) -> datetime:
        """UTC."""
        return self._due

    def is_due(self, wall: datetime, mono: float) -> bool:
        return self.seconds_left(wall, mono) <= 0

    def seconds_left(self, wall: datetime, mono: float) -> float:
        """Until it is due if neither clock jumps; 0 or less: it is due."""
        return min((self._due - wall).total_seconds(), self._latest - mono)

    def started(self, wall: datetime, mono: float) -> None:
        """A run was asked for: what comes next is strictly later, whatever was missed."""
        # The occasion just run may still lie ahead of a clock that was set back a little: it must not come again.
        ahead = (self._due - wall).total_seconds()
        since = self._due if 0 < ahead <= SLACK else wall
        self._expect(self._jittered(self.entry.when.next_after(since)), since, mono)

    def _expect(self, due: datetime, since: datetime, mono: float) -> None:
        """Counts from the occasion, not from the clock, where that is behind: slack is not given twice."""
        self._due = due.astimezone(UTC)
        self._latest = mono + (due - since).total_seconds() + SLACK

    def _jittered(self, occasion: datetime) -> datetime:
        distance = (self.entry.when.next_after(occasion) - occasion).total_seconds()
        return occasion + timedelta(seconds=self._chance() * min(self.entry.jitter, distance / 2))


def soonest(dues: Iterable[Due], wall: datetime, mono: float) -> float:
    """Seconds to sleep until any may be due, from 0 to LONGEST_SLEEP."""
    return max(0.0, min([LONGEST_SLEEP, *(due.seconds_left(wall, mono) for due in dues)]))


def _occurs(fields: list[str]) -> bool:
    try:
        return next(CronSim(" ".join(fields), _SOME_DAY), None) is not None
    except (CronSimError, ValueError):  # ValueError: a number of thousands of digits
        return False


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC  # known even where no time zones are installed
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a directory of zones, on some systems
        raise ValueError(f"found {_shown(name)}, expected a time zone like Europe/Berlin or UTC") from None


def _shown(text: str) -> str:
    return json.dumps(text[:40], ensure_ascii=False)
