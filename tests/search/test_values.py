"""What the text of a literal means, and what it does not."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.search.values import duration, moment, number, placeholders, relative, size

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22", 22),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("1.5", 1.5),
        ("2.0", 2.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("9223372036854775807", 9.223372036854775807e18),
        ("9" * 30, 1e30),
        ("0" * 5000 + "1", 1),
    ],
)
def test_a_number(text: str, value: float) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["", "a", "1a", "1_000", "0x10", "nan", "inf", "-", "1.2.3", "1e999", "９", " 1", "9" * 5000, "30d"]
)
def test_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("5m", 300),
        ("5min", 300),
        ("3h", 10_800),
        ("30d", 2_592_000),
        ("1w", 604_800),
        ("3mo", 7_776_000),
        ("3M", 7_776_000),
        ("1yr", 31_536_000),
        ("1y", 31_536_000),
        ("2h30m", 9000),
        ("1.5h", 5400),
        ("0.5s", 0.5),
        ("90days", 7_776_000),
        ("1month", 2_592_000),
        ("4weeks", 2_419_200),
    ],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert duration(text) == seconds
    assert relative(f"-{text}") == -seconds
    assert relative(f"+{text}") == seconds
    assert relative(text) is None


@pytest.mark.parametrize(
    "text", ["", "30", "d", "30x", "-3d", "4 weeks", "3D", "1e3s", f"{'9' * 400}y", "30d ", "3d-1h"]
)
def test_no_duration(text: str) -> None:
    assert duration(text) is None
    assert relative(f"+{text}") is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("100B", 100),
        ("10KB", 10 * 1024),
        ("10KiB", 10 * 1024),
        ("512MB", 512 * 1024**2),
        ("10GB", 10 * 1024**3),
        ("10gb", 10 * 1024**3),
        ("5GiB", 5 * 1024**3),
        ("1.5TiB", 1.5 * 1024**4),
        ("1PB", 1024**5),
    ],
)
def test_a_size(text: str, count: float) -> None:
    assert size(text) == count
    assert isinstance(size(text), int)


@pytest.mark.parametrize("text", ["", "10", "10G", "GB", "-1GB", "10XB", "10 GB", "1iB", f"{'9' * 400}GB"])
def test_no_size(text: str) -> None:
    assert size(text) is None


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-01-02", "2026-01-02T00:00:00"),
        ("2026-01-02T03:04", "2026-01-02T03:04:00"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05"),
        ("2026-01-02 03:04:05Z", "2026-01-02T03:04:05"),
        ("2026-01-02t03:04:05.987654z", "2026-01-02T03:04:05"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05"),
        ("2026-01-02T03:04:05-0130", "2026-01-02T04:34:05"),
        ("-1d", "2026-01-01T03:04:05"),
        ("+2h30m", "2026-01-02T05:34:05"),
        ("0001-01-01", "0001-01-01T00:00:00"),
    ],
)
def test_a_moment(text: str, when: str) -> None:
    assert moment(text, NOW) == when


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-1-2", "2026-02-30", "2026-01-02T25:00", "20260102", "2026-W01-1", "1d", "web", "-9999y"),
        *("0001-01-01T00:00+02:00", "9999-12-31T23:00-02:00", "2026-01-02T03:04:05+99:99"),
    ],
)
def test_no_moment(text: str) -> None:
    assert moment(text, NOW) is None


def test_a_moment_is_utc_wherever_now_is() -> None:
    assert moment("+0s", NOW.astimezone(timezone(timedelta(hours=5)))) == "2026-01-02T03:04:05"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("UTC", "2026-01-02T03:04:05Z"),
        ("NOW", "2026-01-02T03:04:05Z"),
        ("TODAY", "2026-01-02"),
        ("TOMORROW", "2026-01-03"),
        ("YESTERDAY", "2026-01-01"),
        ("YEAR", "2026"),
        ("MONTH", "01"),
        ("DAY", "02"),
        ("TIME", "03:04:05"),
        ("HOUR", "03"),
        ("MINUTE", "04"),
        ("SECOND", "05"),
        ("TZ_OFFSET", "+0000"),
        ("TZ", "UTC"),
        ("FRIDAY", "2026-01-02"),
        ("SATURDAY", "2026-01-03"),
        ("SUNDAY", "2026-01-04"),
        ("MONDAY", "2026-01-05"),
        ("TUESDAY", "2026-01-06"),
        ("WEDNESDAY", "2026-01-07"),
        ("THURSDAY", "2026-01-08"),
    ],
)
def test_a_placeholder(name: str, text: str) -> None:
    assert placeholders(f"a < @{name}@", NOW) == f"a < {text}"
    assert placeholders(f"a < 'x@{name.lower()}@y'", NOW) == f"a < 'x{text}y'"


@pytest.mark.parametrize("text", ["a@b.de", "@x@", "@NOW", "now@", "@ NOW @", "@@"])
def test_other_words_between_signs_stay(text: str) -> None:
    assert placeholders(text, NOW) == text


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    for meaning in (number, duration, relative, size):
        assert meaning(text) is None or isinstance(meaning(text), int | float)
    assert moment(text, NOW) is None or len(moment(text, NOW) or "") == 19
    assert isinstance(placeholders(text, NOW), str)


@given(st.datetimes(), st.timedeltas(timedelta(0), timedelta(3650)))
def test_moments_and_durations_agree(when: datetime, span: timedelta) -> None:
    seconds = int(span.total_seconds())
    later = moment(f"+{seconds}s", when.replace(tzinfo=UTC))
    if later is not None:
        assert moment(f"{later}Z", NOW) == later
