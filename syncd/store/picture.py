"""From a time to the commit whose picture was valid then, or a line that says why there is no such picture (any more).

What is asked for a commit must be read in the transaction in which `at` gave it: retention may drop it right after.
"""

import re
import sqlite3
from datetime import UTC, datetime, timedelta

from syncd.errors import StoreError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
RUN = re.compile(r"run:(\d{1,15})")
AGE = re.compile(r"-?((?:\d{1,10}[smhdwy])+)")
WANTED = "a time such as 2026-03-01 or 2026-03-01T12:00:00Z, an age such as 2d or 1h30m, or a run such as run:12"
LAST_AT = "select number from commit_log where at <= ? order by number desc limit 1"
LAST_OF = "select number from commit_log where run = ? order by number desc limit 1"


def at(connection: sqlite3.Connection, when: str, now: str, kinds: frozenset[str] | None = None) -> int:
    """The last commit of a run (`run:12`), or the last one at a time (ISO 8601, UTC unless it says) or age (`2d`).

    `now` is ISO 8601 text; `kinds` are those whose past is asked for, None for all. Raises StoreError for what is no
    time, an unknown run, a time before the first commit, and a past that retention has dropped.
    """
    run = RUN.fullmatch(when)
    commit = _of_run(connection, int(run[1]), now) if run else _of_time(connection, moment(when, now))
    _kept(connection, when, commit, kinds)
    return commit


def moment(when: str, now: str) -> str:
    """A time or an age as the store writes times: `2026-03-01T12:00:00Z`."""
    try:
        if age := AGE.fullmatch(when):
            found = datetime.fromisoformat(now) - timedelta(seconds=_seconds(age[1]))
        else:
            found = datetime.fromisoformat(when)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return f"{found.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    except (ValueError, OverflowError):
        raise StoreError(f"found {when}, expected {WANTED}") from None


def _seconds(age: str) -> int:
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdwy])", age))


def _of_run(connection: sqlite3.Connection, run: int, now: str) -> int:
    if found := connection.execute(LAST_OF, (run,)).fetchone():
        return int(found[0])
    row = connection.execute("select finished from run where id = ?", (run,)).fetchone()
    if row is None:
        last = connection.execute("select max(id) from run").fetchone()[0]
        known = f"the last one is run {last}" if last else "there has been none yet"
        raise StoreError(f"no run {run} in this store; {known}")
    return _of_time(connection, row[0] or now)


def _of_time(connection: sqlite3.Connection, moment: str) -> int:
    if found := connection.execute(LAST_AT, (moment,)).fetchone():
        return int(found[0])
    first = connection.execute("select at from commit_log order by number limit 1").fetchone()
    if first is None:
        raise StoreError(f"nothing is known of {moment}: nothing has been read yet")
    raise StoreError(f"nothing is known of {moment}: the first run began {first[0]}")


def _kept(connection: sqlite3.Connection, when: str, commit: int, kinds: frozenset[str] | None) -> None:
    horizons = dict(connection.execute("select kind, from_commit from horizon").fetchall())
    asked = horizons.keys() if kinds is None else horizons.keys() & (kinds | {""})
    kind = max(asked, key=horizons.__getitem__, default="")
    if commit >= horizons.get(kind, 0):
        return
    row = connection.execute("select at from commit_log where number = ?", (horizons[kind],)).fetchone()
    since = row[0] if row else f"commit {horizons[kind]}"
    raise StoreError(f"the past of {kind or 'everything'} is kept from {since} on, and {when} is before that")
