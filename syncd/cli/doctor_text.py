"""What `syncctl aws doctor` says to people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from syncd.cli.encoding import json_text
from syncd.cli.output import BOLD, STATES, paint, printable

MOST = 8
"""Names that are shown of a long list."""
NEVER = "nothing has been read yet: syncd sync reads for the first time, or the daemon does"
BEYOND = (
    "no policy of the role mends this: credentials, the role's trust and external id, a boundary, or the policies of "
    "the Organization or of the resource decide it"
)


def lines(told: Mapping[str, Any], colours: bool) -> Iterator[str]:
    """Accounts, the healthy ones in a line each."""
    run = told["run"]
    if run is None:
        yield NEVER
        return
    yield _run(run)
    if not told["accounts"]:
        yield "no account of this provider is in the store"
    for account in told["accounts"]:
        yield ""
        yield from _account(account, colours)


def _run(run: Mapping[str, Any]) -> str:
    if run["state"] == "running":
        return f"run {run['run']} goes on since {run['started']}: what follows is not all new"
    why = f" ({printable(run['reason'])})" if run["reason"] else ""
    return f"the last run, {run['run']}, ended {run['state']} at {run['finished']}{why}"


def _account(account: Mapping[str, Any], colours: bool) -> Iterator[str]:
    name = f" ({printable(account['name'])})" if account["name"] else ""
    title = paint(printable(account["account"]) + name, BOLD, colours)
    if not account["read_at"]:
        yield f"{title}: nothing of it has ever been read"
    elif account["healthy"]:
        yield f"{title}: all {account['scopes']:,} scopes are seen completely, last at {account['read_at']}"
    else:
        yield f"{title}: {account['incomplete']:,} of {account['scopes']:,} scopes are not seen completely"
    for finding in (*account["denied"], *account["others"]):
        yield from _finding(finding, colours)
    for place in account["disabled"]:
        yield f"  not enabled in {place['region']}: {some(place['scopes'])}"
    if account["allow"]:
        yield "  this would allow it:"
        yield from (f"    {line}" for line in json_text(account["allow"], indent=2).splitlines())


def _finding(finding: Mapping[str, Any], colours: bool) -> Iterator[str]:
    state = paint(finding["state"], STATES.get(finding["state"], ""), colours)
    what = printable(finding["permission"] or finding["operation"] or some(finding["scopes"]))
    yield f"  {what}: {state} in {some(finding['regions'])} since {finding['since']}"
    kept = f"; {finding['resources']:,} resources are shown as they were, or without it" if finding["resources"] else ""
    if finding["hides"]:
        yield f"    hides {some(finding['hides'])}{kept}"
    yield f"    {printable(finding['reason'])}"
    if finding["beyond"]:
        yield f"    {BEYOND}"


def some(names: Sequence[str] | Iterable[str]) -> str:
    """`a, b and 12 more`."""
    found = [printable(name) for name in names]
    more = f" and {len(found) - MOST:,} more" if len(found) > MOST else ""
    return ", ".join(found[:MOST]) + more or "-"
