"""What is not seen, account by account: calls that were refused, and whatever else keeps scopes incomplete."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from syncd.store.coverage import load_kinds
from syncd.store.queries import account_names, fetched

_GAP = re.compile(r"(?:^|; )(\S+) (denied|failed|disabled) for (\d+): ")
_ROWS = (
    "select account, region, name, state, since, read_at, reason, operation, permission, nodes, missing "
    "from coverage where collector = ? and state <> 'retired' order by account, region, name"
)
_LAST = "select id as run, started, finished, state, reason from run order by id desc limit 1"


class Trouble(Struct, frozen=True):
    """One call that did not succeed in one scope. `whole`: nothing of it could be read; else not of `missing` nodes."""

    scope: str
    region: str
    state: str
    operation: str
    permission: str
    reason: str
    since: str
    kinds: tuple[str, ...]
    whole: bool
    missing: int


class Account(Struct, frozen=True):
    """How much of an account was read, and what was not."""

    account: str
    name: str
    read_at: str
    scopes: int
    incomplete: int
    troubles: tuple[Trouble, ...]


def accounts(connection: sqlite3.Connection, collector: str) -> list[Account]:
    """Every account of which anything is stored."""
    names, kinds = account_names(connection), load_kinds(connection)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in fetched(connection, _ROWS, (collector,)):
        rows.setdefault(row["account"], []).append(row)
    return [
        Account(
            account=account,
            name=names.get(account, ""),
            read_at=max(row["read_at"] for row in found),
            scopes=len(found),
            incomplete=sum(row["state"] not in ("complete", "disabled") for row in found),
            troubles=tuple(
                trouble
                for row in found
                if row["state"] != "complete"
                for trouble in _of(row, kinds.get((collector, row["name"]), frozenset()))
            ),
        )
        for account, found in rows.items()
    ]


def last_run(connection: sqlite3.Connection) -> dict[str, Any] | None:
    return next(iter(fetched(connection, _LAST)), None)


def gaps_in(reason: str) -> Iterator[tuple[str, str, int, str]]:
    """(operation, state, nodes, reason) of every gap that a scope's reason tells of."""
    found = list(_GAP.finditer(reason))
    ends = [*(match.start() for match in found), len(reason)][1:]
    for match, end in zip(found, ends, strict=False):
        yield match[1], match[2], int(match[3]), reason[match.end() : end]


def _of(row: dict[str, Any], kinds: frozenset[str]) -> Iterator[Trouble]:
    scope = {name: row[name] for name in ("region", "since")} | {"scope": row["name"], "kinds": tuple(sorted(kinds))}
    gaps = [*gaps_in(row["reason"])] if row["state"] == "partial" else []
    if not gaps:
        told = {name: row[name] for name in ("state", "operation", "permission", "reason")}
        yield Trouble(**scope, **told, whole=True, missing=row["nodes"])
    for operation, state, missing, reason in gaps:
        permission = row["permission"] if operation == row["operation"] else ""
        yield Trouble(
            **scope,
            state=state,
            operation=operation,
            permission=permission,
            reason=reason,
            whole=False,
            missing=missing,
        )
