"""What the text of a literal means as a number, a span of time, a size or a moment. Pure: the time is passed in."""

import math
import re
from datetime import UTC, datetime, timedelta

_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]+)")
_SPANS = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[A-Za-z]+)+")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400, "yr": 365 * 86400}
_SECONDS |= {"M": _SECONDS["mo"], "y": _SECONDS["yr"]}
_LONG = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "yr"}
_SECONDS |= {name + plural: _SECONDS[unit] for name, unit in _LONG.items() for plural in ("", "s")}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:([KMGTPE])I?)?B", re.IGNORECASE)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)(Z|z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LARGEST = 2**63 - 1
"""Of the integers that the store can hold."""
_PLACEHOLDER = re.compile(r"@(\w+)@")
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def number(text: str) -> int | float | None:
    """`22` → 22, `1.5` → 1.5; None for what is no number. What no integer of the store can hold is a float."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    whole = re.fullmatch(r"([+-]?)0*([0-9]+)", text)
    return int(whole[1] + whole[2]) if whole and abs(value) < _LARGEST else value


def duration(text: str) -> float | None:
    """`30d`, `2h30m`, `1.5h` → seconds; None for what is no span of time. `M` is a month, `m` a minute."""
    if not _SPANS.fullmatch(text):
        return None
    seconds = 0.0
    for count, unit in _SPAN.findall(text):
        if unit not in _SECONDS:
            return None
        seconds += float(count) * _SECONDS[unit]
    return _whole(seconds)


def relative(text: str) -> float | None:
    """`-7d`, `+3h` → seconds from now; None without a sign."""
    if text[:1] not in {"+", "-"}:
        return None
    seconds = duration(text[1:])
    return seconds if seconds is None or text[0] == "+" else -seconds


def size(text: str) -> float | None:
    """`10GB`, `512MiB`, `100B` → bytes, in powers of 1024 whatever the spelling."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    power = " KMGTPE".index(found[2].upper()) if found[2] else 0
    return _whole(float(found[1]) * 1024**power)


def moment(text: str, now: datetime) -> str | None:
    """An ISO date, an ISO time (UTC where it names no zone) or a span from `now` → `2026-01-02T03:04:05`, UTC."""
    try:
        if (seconds := relative(text)) is not None:
            return _iso(now + timedelta(seconds=seconds))
        found = _MOMENT.fullmatch(text)
        if found is None:
            return None
        when = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}{(found[3] or 'Z').upper()}")
        return _iso(when)
    except (ValueError, OverflowError):
        return None


def placeholders(text: str, now: datetime) -> str:
    """@NOW@, @TODAY@, @MONDAY@ (the next one, today included) …, all UTC, whatever the case."""
    known = _placeholders(now.astimezone(UTC))
    return _PLACEHOLDER.sub(lambda found: known.get(found[1].upper(), found[0]), text)


def _placeholders(now: datetime) -> dict[str, str]:
    time = now.strftime("%H:%M:%S")
    today = {"TODAY": 0, "TOMORROW": 1, "YESTERDAY": -1}
    days = today | {name: (index - now.weekday()) % 7 for index, name in enumerate(_DAYS)}
    return {
        "UTC": _iso(now) + "Z",
        "NOW": _iso(now) + "Z",
        "YEAR": f"{now.year:04}",
        "MONTH": f"{now.month:02}",
        "DAY": f"{now.day:02}",
        "TIME": time,
        "HOUR": time[:2],
        "MINUTE": time[3:5],
        "SECOND": time[6:],
        "TZ_OFFSET": "+0000",
        "TZ": "UTC",
    } | {name: (now.date() + timedelta(days=count)).isoformat() for name, count in days.items()}


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")[:19]


def _whole(value: float) -> float | None:
    """Integers where there is no fraction: that is how people read them; None where it is beyond all reason."""
    if value > _LARGEST / 2:
        return None
    return int(value) if value == int(value) else value


def age_text(moment: str, now: datetime) -> str:
    """The time since a moment in its two largest units: `3d4h`, `1yr2mo`, `0s`."""
    left = max(int((now - datetime.fromisoformat(moment[:19] + "+00:00")).total_seconds()), 0)
    parts: list[str] = []
    for unit, seconds in (("yr", 31_536_000), ("mo", 2_592_000), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return "".join(parts[:2])
