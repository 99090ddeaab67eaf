"""Quiet hours: when nobody is told, and until when."""

from datetime import UTC, datetime

import pytest

from syncd.quiet import Quiet, quiet_until


def until(text: str, at: str, zone: str = "UTC") -> str | None:
    """2026-03-02 is a Monday."""
    found = quiet_until([Quiet.parse(text)], zone, datetime.fromisoformat(f"2026-03-{at}:00+00:00"))
    return found.strftime("%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("22:00-07:00", "02T21:59", None),
        ("22:00-07:00", "02T22:00", "03 07:00"),
        ("22:00-07:00", "03T06:59", "03 07:00"),
        ("22:00-07:00", "03T07:00", None),
        ("12:00-13:00", "02T12:30", "02 13:00"),
        ("Sat,Sun", "06T23:59", None),
        ("Sat,Sun", "07T10:00", "09 00:00"),
        ("sat-sun", "08T10:00", "09 00:00"),
        ("22:00-07:00 Sat", "08T06:00", "08 07:00"),
        ("22:00-07:00 Sat", "07T06:00", None),
        ("Fri-Mon 20:00-24:00", "02T21:00", "03 00:00"),
        ("Fri-Mon 20:00-24:00", "03T21:00", None),
    ],
)
def test_it_is_quiet_until_its_end(text: str, at: str, expected: str | None) -> None:
    assert until(text, at) == expected


def test_quiet_is_in_the_time_zone_of_the_schedule() -> None:
    assert until("22:00-07:00", "02T21:30", "Europe/Berlin") == "03 06:00"


def test_several_that_follow_each_other_are_one_and_a_week_is_the_end_of_it() -> None:
    start = datetime(2026, 3, 6, 23, tzinfo=UTC)
    several = [Quiet.parse("22:00-07:00"), Quiet.parse("Sat,Sun")]
    assert quiet_until(several, "UTC", start) == datetime(2026, 3, 9, 7, tzinfo=UTC)
    always = quiet_until([Quiet.parse("Mon-Sun")], "UTC", start)
    assert always is not None
    assert 7 <= (always - start).days <= 8


@pytest.mark.parametrize("text", ["", "25:00-26:00", "22-07", "Someday", "Mon,", "22:00-07:00 23:00-01:00", "Mon Tue"])
def test_what_is_no_time_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match=r'expected times and days such as "22:00-07:00"'):
        Quiet.parse(text)
