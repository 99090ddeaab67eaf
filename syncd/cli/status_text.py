"""The daemon's status for people: one screen, from what it is to what it does."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from syncd.cli.output import BOLD, paint, printable, table_lines
from syncd.cli.words import lasting, progress_of, rounded, selected, sized

Told = Mapping[str, Any]

STATE = {"idle": "32", "running": "36", "paused": "33", "stopping": "33"}
WARNING = "33"
LAST = ("run", "started", "state", "trigger", "seconds", "nodes", "created", "updated", "deleted", "reason")


def lines(status: Told, now: datetime, colours: bool) -> Iterator[str]:
    """`status` is the answer to GET /v1/status, `now` with a time zone."""
    yield from _itself(status, colours)
    yield f"coverage: {_coverage(status['coverage'])}"
    yield from _schedule(status, now)
    yield from _hearing(status, now)
    for warning in status["warnings"]:
        yield paint(f"warning: {printable(warning)}", WARNING, colours)
    if status["run"]:
        yield from _run(status["run"], colours)
    if status["pending"]:
        yield from _pending(status["pending"], colours)
    if status["last"]:
        rows = [[run.get(name) for name in LAST] for run in map(rounded, status["last"])]
        yield from ("", paint("last runs", BOLD, colours), *table_lines(LAST, rows, colours))


def _itself(status: Told, colours: bool) -> Iterator[str]:
    state = printable(status["state"])
    since = lasting(status["uptime_seconds"])
    yield (
        f"syncd {printable(status['version'])} {paint(state, STATE.get(state, ''), colours)}: "
        f"process {printable(status['pid'])} for {since}, last event {printable(status['last_event'])}"
    )
    store = status["store"]
    log = f" + {sized(store['wal_bytes'])} of log" if store["wal_bytes"] else ""
    yield f"store: {printable(store['path'])}, {sized(store['bytes'])}{log}, SQLite {printable(store['sqlite'])}"
    settings = status["configuration"]
    files = ", ".join(map(printable, settings["files"])) or "no file, all defaults"
    yield f"configuration: {files}, read {printable(settings['loaded'])}"
    if settings["refused"]:
        yield paint(f"what is in the files now was refused: {printable(settings['refused'])}", WARNING, colours)


def _coverage(states: Mapping[str, int]) -> str:
    total = sum(states.values())
    if not total:
        return "nothing read yet"
    rest = "".join(
        f"; {count:,} {printable(state)}" for state, count in states.items() if count and state != "complete"
    )
    return f"{states.get('complete', 0):,} of {total:,} scopes complete{rest}"


def _schedule(status: Told, now: datetime) -> Iterator[str]:
    if status["paused"]:
        yield "paused: nothing starts until: syncctl resume"
    for entry in status["schedule"]:
        yield f"next: {printable(entry['name'])} at {printable(entry['next'])}{_until(entry['next'], now)}"


def _hearing(status: Told, now: datetime) -> Iterator[str]:
    """The queues that tell of changes."""
    for queue in status.get("hearing", ()):
        last = "no message yet"
        if queue["last"]:
            ago = lasting(max(0.0, (now - datetime.fromisoformat(queue["last"])).total_seconds()))
            last = f"last message {ago} ago"
        waiting = max(0, queue["waiting"]) + queue["at_hand"]
        name = f"{printable(queue['collector'])} {printable(queue['queue'])}"
        yield f"hears: {name}: {last}, {waiting:,} waiting, {queue['set_aside']:,} set aside"


def _until(moment: str | None, now: datetime) -> str:
    seconds = (datetime.fromisoformat(moment) - now).total_seconds() if moment else -1
    return f" (in {lasting(seconds)})" if seconds >= 0 else ""


def _run(run: Told, colours: bool) -> Iterator[str]:
    from syncd.cli.progress import words

    left = run["remaining_seconds"]
    estimate = "" if left is None else f" · about {lasting(left)} left"
    yield ""
    head = f"run {run['run']} ({printable(run['trigger'])}) of {selected(run['selection'])}"
    yield f"{paint(head, BOLD, colours)}, since {printable(run['started'])}, {lasting(run['seconds'])}"
    yield words(progress_of(run)) + estimate
    if run["places"]:
        yield from table_lines(("place", "scopes", "incomplete", "resources"), _tree(run["places"]), colours)


def _tree(places: Iterable[Told]) -> Iterator[tuple[str | int, ...]]:
    """Collectors, their accounts, their regions: each with the sums of what is below."""
    ordered = sorted(places, key=lambda place: (place["collector"], place["account"], place["region"]))
    for collector, of_collector in groupby(ordered, key=lambda place: str(place["collector"])):
        below = list(of_collector)
        yield _sums(collector, below)
        for account, of_account in groupby(below, key=lambda place: str(place["account"])):
            regions = list(of_account)
            name = next((place["name"] for place in regions if place["name"]), "")
            yield _sums(f"  {account} ({name})" if name else f"  {account}", regions)
            for place in regions:
                yield _sums(f"    {place['region']}", [place])


def _sums(label: str, places: list[Told]) -> tuple[str | int, ...]:
    done, total, incomplete, nodes = (
        sum(place[name] for place in places) for name in ("scopes_done", "scopes_total", "incomplete", "nodes")
    )
    return label, f"{done}/{total}", incomplete, nodes


def _pending(pending: Iterable[Told], colours: bool) -> Iterator[str]:
    rows = [(one["request"], one["trigger"], one["asked"], one["by"], selected(one["selection"])) for one in pending]
    columns = ("request", "trigger", "asked", "by", "selection")
    yield from ("", paint("waiting", BOLD, colours), *table_lines(columns, rows, colours))
