"""Every occasion runs once: over weeks, downtime, daylight saving and clocks that jump."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.schedule import LONGEST_SLEEP, SLACK, Cron, Due, Entry, Every, soonest

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STEP = LONGEST_SLEEP + 1
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
HOURLY = Cron.parse("@hourly", "UTC")


@dataclass
class World:
    """Two clocks, and a daemon that sleeps as long as it is told, at least a second. `runs`: (mono, wall) of each."""

    due: Due
    wall: datetime
    mono: float
    wakes: float
    runs: list[tuple[float, datetime]] = field(default_factory=list)

    def live(self, seconds: float) -> Self:
        end = self.mono + seconds
        while self.wakes <= end:
            self._pass(self.wakes - self.mono)
            if self.due.is_due(self.wall, self.mono):
                self.runs.append((self.mono, self.wall))
                self.due.started(self.wall, self.mono)
            self.wakes = self.mono + max(1.0, soonest([self.due], self.wall, self.mono))
        self._pass(end - self.mono)
        return self

    def jump(self, seconds: float) -> Self:
        """The daemon may be asleep: it does not learn of this."""
        self.wall += timedelta(seconds=seconds)
        return self

    def walls(self) -> list[str]:
        return [f"{wall:%d %H:%M}" for _, wall in self.runs]

    def gaps(self) -> list[float]:
        """Real seconds from each run to the following one."""
        return [later - earlier for (earlier, _), (later, _) in pairwise(self.runs)]

    def _pass(self, seconds: float) -> None:
        self.mono += seconds
        self.wall += timedelta(seconds=seconds)


def world(
    when: Cron | Every = HOURLY,
    start: datetime = NOON,
    *,
    ago: float | None = 0.0,
    jitter: float = 0.0,
    chance: Callable[[], float] = lambda: 0.0,
) -> World:
    """A daemon that begins at `start` and had its latest run `ago` seconds before; None: it never had one."""
    last = None if ago is None else start - timedelta(seconds=ago)
    return World(Due(Entry("all", when, jitter), last, start, 1000.0, chance), start, 1000.0, 1000.0)


def occasions(expression: str, zone: str, start: str, count: int) -> list[str]:
    """The occasions after `start`, as UTC."""
    cron, moment, found = Cron.parse(expression, zone), datetime.fromisoformat(start), []
    for _ in range(count):
        moment = cron.next_after(moment)
        found.append(f"{moment:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("@hourly", ["02 13:00", "02 14:00"]),
        ("@daily", ["03 00:00", "04 00:00"]),
        (" @Weekly ", ["08 00:00", "15 00:00"]),
        ("@monthly", ["01 00:00", "01 00:00"]),
        ("*/20  12,13 * * *", ["02 12:20", "02 12:40"]),
        ("30 6 * * mon-fri", ["03 06:30", "04 06:30"]),
        ("0 0 l * *", ["31 00:00", "30 00:00"]),
    ],
)
def test_five_fields_or_a_name_say_when(expression: str, following: list[str]) -> None:
    assert occasions(expression, "UTC", "2026-03-02T12:00Z", 2) == following


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "",
            r'found "" \(0 of five fields\), expected five fields like "0 \* \* \* \*", or @hourly, @daily',
        ),
        ("0 * * *", r'found "0 \* \* \*" \(4 of five fields\), expected five fields like'),
        ("0 0 * * * *", r"\(6 of five fields\), expected five fields like"),
        ("@reboot", r'found "@reboot" \(1 of five fields\), expected .*@monthly, or @every 15m$'),
        (
            "61 * * * *",
            r'found "61" as minute in "61 \* \* \* \*", expected \*, 0-59, or a list, range or step of these',
        ),
        ("0 24 * * *", r'found "24" as hour in .*, expected \*, 0-23, or'),
        ("0 0 0 * *", r'found "0" as day of the month in .*, expected \*, 1-31, or'),
        ("0 0 1 FOO *", r'found "FOO" as month in .*, expected \*, 1-12 or JAN-DEC, or'),
        ("0 0 * * 8", r'found "8" as day of the week in .*, expected \*, 0-7 or SUN-SAT, or'),
        ("*/0 * * * *", r'found "\*/0" as minute'),
        ("5-1 * * * *", r'found "5-1" as minute'),
        ("9" * 5000 + " * * * *", f'found "{"9" * 40}" as minute'),
        ("0 0 30 2 *", r'found "0 0 30 2 \*", a day that never comes, expected five fields like'),
        ("0 0 31 4,6 *", r"a day that never comes"),
    ],
)
def test_an_expression_that_cannot_be_used_is_told_with_what_is_expected(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Cron.parse(expression, "UTC")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "Europe", "/etc/passwd", "../UTC", "tzdata.zi", "x" * 5000, "a\0b"]
)
def test_a_time_zone_that_is_not_known_is_told_with_what_is_expected(zone: str) -> None:
    with pytest.raises(ValueError, match=r'^found ".{0,45}", expected a time zone like Europe/Berlin or UTC$'):
        Cron.parse("@hourly", zone)


@given(st.text(alphabet="0123456789*/-,#LW@ ", max_size=15), st.text(max_size=5))
def test_any_text_is_an_expression_with_a_next_occasion_or_a_sentence(expression: str, zone: str) -> None:
    try:
        said = f"found {Cron.parse(expression, zone or 'UTC').next_after(NOON)}"
    except ValueError as error:
        said = str(error)
    assert said.startswith("found ")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_an_occasion_is_strictly_later_and_in_utc_whatever_the_zone_of_the_question(zone: str) -> None:
    found = Cron.parse("0 12 * * *", "UTC").next_after(NOON.astimezone(ZoneInfo(zone)))
    assert (found, found.tzinfo) == (NOON + timedelta(days=1), UTC)


def test_utc_needs_no_time_zones_to_be_installed() -> None:
    assert HOURLY.zone is UTC


def test_a_rare_day_is_found() -> None:
    assert Cron.parse("0 0 29 2 *", "UTC").next_after(NOON) == datetime(2028, 2, 29, tzinfo=UTC)


def test_what_is_due_in_the_hour_that_is_skipped_runs_once_at_its_end() -> None:
    assert occasions("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00Z", 3) == ["28 01:30", "29 01:00", "30 00:30"]


def test_what_is_due_in_the_hour_that_is_repeated_runs_the_first_time_only() -> None:
    assert occasions("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00Z", 3) == ["24 00:30", "25 00:30", "26 01:30"]


def test_asked_in_the_second_pass_of_a_repeated_hour_the_answer_does_not_lie_in_the_first() -> None:
    assert occasions("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10Z", 1) == ["26 01:30"]


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 12, 30, tzinfo=UTC), datetime(2026, 10, 24, 12, 30, tzinfo=UTC)])
def test_hourly_is_every_real_hour_where_the_zone_changes_its_clock(day: datetime) -> None:
    lived = world(Cron.parse("0 * * * *", "Europe/Berlin"), day).live(DAY)
    assert len(lived.runs) == 24
    assert all(abs(gap - HOUR) <= 1 for gap in lived.gaps())


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)])
def test_nightly_is_once_a_night_where_the_zone_changes_its_clock(day: datetime) -> None:
    lived = world(Cron.parse("30 2 * * *", "Europe/Berlin"), day).live(3 * DAY)
    assert [wall.day - day.day for _, wall in lived.runs] == [0, 1, 2]


def test_a_week_of_hours_is_168_runs_each_at_its_time() -> None:
    lived = world().live(7 * DAY)
    assert len(lived.runs) == 168
    assert all(wall.minute == 0 and wall.second <= 1 for _, wall in lived.runs)
    assert all(abs(gap - HOUR) <= 1 for gap in lived.gaps())


def test_the_first_start_is_due_at_once() -> None:
    assert world(ago=None, start=NOON + timedelta(minutes=20), jitter=600.0, chance=lambda: 1.0).due.next_due == (
        NOON + timedelta(minutes=20)
    )
    assert world(ago=None, start=NOON + timedelta(minutes=20)).live(2 * HOUR).walls() == [
        "02 12:20",
        "02 13:00",
        "02 14:00",
    ]


def test_what_is_due_is_shown_in_utc() -> None:
    assert world(ago=None, start=NOON.astimezone(ZoneInfo("Europe/Berlin"))).due.next_due.tzinfo is UTC


def test_five_hours_of_downtime_are_one_run_at_once_without_jitter() -> None:
    lived = world(start=NOON + timedelta(minutes=20), ago=5 * HOUR, jitter=600.0, chance=lambda: 0.5).live(2 * HOUR)
    assert lived.walls() == ["02 12:20", "02 13:05", "02 14:05"]


@pytest.mark.parametrize("ago", [10 * MINUTE, -2 * HOUR])
def test_a_latest_run_since_the_occasion_or_in_the_future_is_followed_by_the_next_occasion(ago: float) -> None:
    assert world(start=NOON + timedelta(minutes=20), ago=ago).live(2 * HOUR).walls() == ["02 13:00", "02 14:00"]


def test_a_jump_ahead_over_occasions_is_one_run_and_then_hourly_again() -> None:
    lived = world().live(3.5 * HOUR).jump(2 * HOUR).live(3 * HOUR)
    assert lived.walls() == ["02 13:00", "02 14:00", "02 15:00", "02 17:30", "02 18:00", "02 19:00", "02 20:00"]


@pytest.mark.parametrize("minute", [0.5, 5, 20, 40, 59.9])
@pytest.mark.parametrize("jitter", [0.0, 60.0])
def test_a_jump_back_by_two_hours_neither_stops_nor_doubles_the_schedule(minute: float, jitter: float) -> None:
    chance = random.Random(7).random
    lived = world(jitter=jitter, chance=chance).live(3 * HOUR + minute * MINUTE).jump(-2 * HOUR).live(6 * HOUR)
    assert max(lived.gaps()) <= HOUR + SLACK + STEP + jitter
    assert min(lived.gaps()) >= 50 * MINUTE
    assert len(lived.runs) == 9


def test_a_jump_back_by_half_a_minute_right_after_a_run_does_not_double_it() -> None:
    lived = world().live(HOUR + 1).jump(-30).live(2.5 * HOUR)
    assert lived.walls() == ["02 13:00", "02 14:00", "02 15:00"]


@pytest.mark.parametrize("jump", [1.0, 30.0, SLACK])
def test_a_jump_back_between_due_and_started_does_not_double_the_run(jump: float) -> None:
    due = world().due
    assert due.is_due(NOON + timedelta(hours=1), 4600.0)
    due.started(NOON + timedelta(hours=1, seconds=-jump), 4600.0)
    assert due.next_due == NOON + timedelta(hours=2)


def test_a_correction_within_the_slack_is_waited_for() -> None:
    lived = world().live(1.5 * HOUR).jump(-SLACK + STEP).live(2 * HOUR)
    assert lived.walls() == ["02 13:00", "02 14:00", "02 15:00"]


def test_a_clock_set_back_again_and_again_gets_its_slack_once() -> None:
    lived = world().live(1.5 * HOUR).jump(-2 * SLACK).live(HOUR).jump(-SLACK).live(3 * HOUR)
    assert max(lived.gaps()) <= HOUR + SLACK + STEP


def test_an_age_is_kept_by_a_run_every_ten_minutes() -> None:
    lived = world(Every(600)).live(7 * DAY)
    assert len(lived.runs) == 1008
    assert all(abs(gap - 600) <= 1 for gap in lived.gaps())


@pytest.mark.parametrize(("ago", "first"), [(400.0, 200.0), (601.0, 0.0), (DAY, 0.0), (None, 0.0), (-HOUR, 600.0)])
def test_an_age_counts_from_the_latest_start(ago: float | None, first: float) -> None:
    assert world(Every(600), ago=ago).due.next_due == NOON + timedelta(seconds=first)


@pytest.mark.parametrize(("jump", "longest"), [(2 * HOUR, 600.0), (-2 * HOUR, 600 + SLACK), (-100.0, 700.0)])
def test_an_age_survives_a_jump(jump: float, longest: float) -> None:
    lived = world(Every(600)).live(HOUR + 60).jump(jump).live(HOUR)
    assert 600 - 1 <= max(lived.gaps()) <= longest + STEP
    assert sum(gap < 599 for gap in lived.gaps()) == (jump > 0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_an_age_of_nothing_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^found .* seconds, expected more than 0$"):
        Every(seconds)


def test_jitter_is_bounded_and_another_for_each_occasion() -> None:
    lived = world(jitter=120.0, chance=random.Random(7).random).live(48.5 * HOUR)
    late = [(wall - NOON).total_seconds() - HOUR * hour for hour, (_, wall) in enumerate(lived.runs, start=1)]
    assert len(late) == 48
    assert min(late) >= 0
    assert max(late) <= 121
    assert len({round(seconds) for seconds in late}) > 20


def test_jitter_lengthens_an_age() -> None:
    lived = world(Every(600), jitter=120.0, chance=random.Random(7).random).live(DAY)
    assert all(600 <= round(gap, 3) <= 721 for gap in lived.gaps())
    assert len({round(gap) for gap in lived.gaps()}) > 20


def test_jitter_goes_half_the_way_to_the_following_occasion_at_most() -> None:
    when = Cron.parse("0 0,1 * * *", "UTC")
    lived = world(when, jitter=DAY, chance=lambda: 1.0).live(2 * DAY)
    assert lived.walls() == ["03 00:30", "03 12:30", "04 00:30"]


def test_the_sleep_ends_when_the_first_of_all_may_be_due() -> None:
    soon, late = world(Every(7)).due, world(Every(20)).due
    assert soonest([late, soon], NOON, 1000.0) == 7
    assert soonest([late], NOON - timedelta(hours=1), 1000.0 + 20 + SLACK - 5) == 5


@pytest.mark.parametrize(("passed", "sleep"), [(0.0, LONGEST_SLEEP), (HOUR - 30, 30.0), (HOUR, 0.0), (DAY, 0.0)])
def test_the_sleep_is_never_negative_and_short_enough_to_notice_a_jump(passed: float, sleep: float) -> None:
    assert soonest([world().due], NOON + timedelta(seconds=passed), 1000.0) == sleep
    assert soonest([], NOON, 1000.0) == LONGEST_SLEEP


@settings(deadline=None)
@given(
    st.sampled_from([HOURLY, Every(HOUR)]),
    st.lists(st.tuples(st.floats(0, 3 * HOUR), st.floats(-2 * HOUR, 2 * HOUR)), max_size=8),
    st.floats(0, 600),
    st.randoms(use_true_random=False),
)
def test_whatever_the_clock_does_runs_come_in_time_and_never_in_a_storm(
    when: Cron | Every, jumps: list[tuple[float, float]], jitter: float, chance: random.Random
) -> None:
    lived = world(when, ago=0.0, jitter=jitter, chance=chance.random)
    for wait, jump in jumps:
        lived.live(wait).jump(jump)
    lived.live(3 * HOUR)
    # A jump ahead may be followed by the next occasion at once: one run for what was missed, one for that.
    allowed = sum(2 if jump > 0 else 1 for _, jump in jumps)
    assert len(lived.runs) <= (lived.mono - 1000.0 + jitter) / HOUR + 1 + allowed
    moments = [1000.0, *(mono for mono, _ in lived.runs), lived.mono]
    assert max(later - earlier for earlier, later in pairwise(moments)) <= HOUR + SLACK + STEP + jitter
