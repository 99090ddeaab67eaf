"""How the daemon's answers are said to people: durations, sizes, selections, a run in one line."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncd.cli.output import STATES, paint, printable

if TYPE_CHECKING:
    from syncd.sync.summary import Progress

RUN = (
    "run", "started", "state", "trigger", "seconds", "nodes", "created", "updated", "deleted", "calls", "retries",
    "throttles", "reason",
)  # fmt: skip
COUNTS = ("scopes_total", "scopes_done", "nodes", "calls", "created", "updated", "deleted", "incomplete")


def lasting(seconds: float) -> str:
    """40 s, 12 min, 3 h 12 min, 2 d 3 h."""
    if seconds < 100:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def sized(count: float) -> str:
    """512 bytes, 1.5 kB, 132.4 MB."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:,.1f} {unit}"
    return f"{count / 1000:,.1f} TB"


def selected(selection: Mapping[str, Any]) -> str:
    """`everything`, or `accounts 111122223333; kinds aws_ec2_*, aws_s3_*`."""
    parts = [f"{name} {', '.join(map(str, globs))}" for name, globs in selection.items() if globs]
    return printable("; ".join(parts) or "everything")


def ended(run: Mapping[str, Any], colours: bool) -> str:
    """A finished run in one line; one that failed early may have no figures."""
    state = paint(printable(run["state"]), STATES.get(run["state"], ""), colours)
    reason = f" ({printable(run['reason'])})" if run.get("reason") else ""
    nodes, created, updated, deleted, calls = (
        f"{run.get(name) or 0:,}" for name in ("nodes", "created", "updated", "deleted", "calls")
    )
    return (
        f"run {run['run']} {state}{reason} in {run.get('seconds') or 0:.1f} s: {nodes} resources; "
        f"{created} created, {updated} updated, {deleted} deleted; {calls} calls"
    )


def rounded(run: Mapping[str, Any]) -> dict[str, Any]:
    """A row with seconds as people read them."""
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in run.items()}


def progress_of(run: Mapping[str, Any]) -> "Progress":
    """What the daemon says of a run that goes on, as the value that a run tells of itself."""
    from syncd.sync.summary import Progress

    return Progress(**{name: run[name] for name in COUNTS}, discovering=bool(run["discovering"]))
