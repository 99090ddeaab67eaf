"""What a run has found, for people and for programs."""

import dataclasses
import json
from pathlib import Path

from syncd.cli.output import STATES, paint, printable, show, table
from syncd.sync.summary import AccountSummary, IncompleteScope, RunSummary

SHOWN = 25
ACCOUNT = ("account", "name", "scopes", "incomplete", "resources", "created", "updated", "deleted")
INCOMPLETE = ("scope", "state", "operation", "permission", "reason")


def report(summary: RunSummary, file: Path, output: str, colours: bool) -> None:
    if output == "json":
        print(json.dumps({**dataclasses.asdict(summary), "store": str(file)}, indent=2, ensure_ascii=False))
    elif output == "tsv":
        show(ACCOUNT, map(_account, summary.accounts), "tsv")
    else:
        _readable(summary, file, colours)


def _readable(summary: RunSummary, file: Path, colours: bool) -> None:
    state = paint(summary.state, STATES.get(summary.state, ""), colours)
    reason = f" ({printable(summary.reason)})" if summary.reason else ""
    print(f"run {summary.run} {state}{reason} in {summary.seconds:.1f} s")
    for source in summary.sources:
        print(f"read with {printable(source)}")
    print(_figures(summary))
    if summary.run == 1:
        print("a first reading is a baseline: it tells no event for each resource")
    if summary.accounts:
        print()
        table(ACCOUNT, map(_account, summary.accounts), colours)
    if summary.incomplete:
        _incomplete(summary.incomplete, file, colours)
    print(f"\nstore: {file}")


def _figures(summary: RunSummary) -> str:
    scopes = ", ".join(f"{count:,} {state}" for state, count in sorted(summary.scopes.items()) if count) or "none"
    scopes += f"; {summary.resting:,} not asked this time" if summary.resting else ""
    events = f", events {summary.first_event}-{summary.last_event}" if summary.last_event else ""
    same = f", {summary.same:,} answers as they were" if summary.same else ""
    return (
        f"scopes: {scopes}\n"
        f"resources: {summary.nodes:,}; {summary.created:,} created, {summary.updated:,} updated, "
        f"{summary.deleted:,} deleted{events}\n"
        f"calls: {summary.calls:,}, {summary.retries:,} retried, {summary.throttles:,} throttled; "
        f"{summary.bytes / 1e6:,.1f} MB read{same}"
    )


def _account(account: AccountSummary) -> tuple[str | int, ...]:
    return (
        f"{account.collector}/{account.account}",
        account.name,
        account.scopes,
        account.incomplete,
        account.nodes,
        account.created,
        account.updated,
        account.deleted,
    )


def _incomplete(scopes: tuple[IncompleteScope, ...], file: Path, colours: bool) -> None:
    some = "1 scope is" if len(scopes) == 1 else f"{len(scopes):,} scopes are"
    print(f"\n{some} incomplete; what was known there is kept and marked:")
    rows = [(s.scope, s.state, s.operation, s.permission, s.reason) for s in scopes[:SHOWN]]
    table(INCOMPLETE, rows, colours)
    if len(scopes) > SHOWN:
        print(f"… and {len(scopes) - SHOWN:,} more: syncctl coverage --incomplete --why --db {file}")
    if held := next((s.scope for s in scopes if s.state == "held"), ""):
        print(f"If what a held scope lost is really gone: syncd accept '{held}'")
