"""`syncctl aws doctor`: which calls each account refuses, what that hides, and what must be allowed."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from syncd.cli.database import store_of
from syncd.cli.doctor_text import lines
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show_document
from syncd.cli.permitting import permitting
from syncd.permitting import Permitting
from syncd.store.reader import reading
from syncd.store.troubles import Account, Trouble, accounts, last_run

Finding = dict[str, Any]


def doctor(arguments: argparse.Namespace) -> int:
    """INCOMPLETE where anything is hidden, or nothing has been read."""
    collector = permitting(arguments.collector)
    with reading(store_of(arguments)) as connection:
        run = last_run(connection)
        found = [each for each in accounts(connection, arguments.collector) if _wanted(each, arguments.account)]
    examinations = [examined(account, collector) for account in found]
    told = {"run": run, "accounts": examinations}
    if arguments.output == "table":
        print(*lines(told, coloured(sys.stdout, no_color=arguments.no_color)), sep="\n")
    else:
        show_document(told, arguments.output)
    healthy = bool(run and found) and all(account["healthy"] for account in examinations)
    return Exit.OK if healthy else Exit.INCOMPLETE


def _wanted(account: Account, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs for name in (account.account, account.name))


def examined(account: Account, collector: Permitting) -> Finding:
    """What is to be told of an account. Regions that are not enabled are nobody's fault."""
    denied = _grouped((each for each in account.troubles if each.state == "denied"), collector)
    others = _grouped((each for each in account.troubles if each.state not in ("denied", "disabled")), collector)
    missing = {each["permission"] for each in denied if not each["beyond"]}
    return {
        "account": account.account,
        "name": account.name,
        "healthy": not denied and not others,
        "read_at": account.read_at,
        "scopes": account.scopes,
        "incomplete": account.incomplete,
        "denied": denied,
        "others": others,
        "disabled": _disabled(account.troubles),
        "allow": dict(collector.allowing(missing)) if missing else None,
    }


def _grouped(troubles: Iterable[Trouble], collector: Permitting) -> list[Finding]:
    """One finding for a call that is refused in many scopes. `beyond`: no policy of the role would mend it."""
    groups: dict[tuple[str, str, str, bool], list[Trouble]] = {}
    for each in troubles:
        lacks = collector.permission(each.operation, each.reason)
        beyond = each.state == "denied" and not lacks
        groups.setdefault((each.state, each.operation, each.permission or lacks, beyond), []).append(each)
    return [
        {
            "permission": permission,
            "operation": operation,
            "state": state,
            "beyond": beyond,
            "regions": sorted({each.region for each in found}),
            "scopes": sorted({each.scope for each in found}),
            "hides": _hidden(found, collector),
            "resources": sum(each.missing for each in found),
            "since": min(each.since for each in found),
            "reason": found[0].reason,
        }
        for (state, operation, permission, beyond), found in sorted(groups.items())
    ]


def _hidden(troubles: Iterable[Trouble], collector: Permitting) -> list[str]:
    """Kinds, and parts of kinds; the kind where nobody knows which part it is."""
    found: set[str] = set()
    for each in troubles:
        found.update(each.kinds if each.whole else collector.hides(each.kinds, each.operation) or each.kinds)
    return sorted(found)


def _disabled(troubles: Iterable[Trouble]) -> list[Finding]:
    groups: dict[str, list[Trouble]] = {}
    for each in troubles:
        if each.state == "disabled":
            groups.setdefault(each.region, []).append(each)
    return [
        {"region": region, "scopes": sorted({each.scope for each in found}), "reason": found[0].reason}
        for region, found in sorted(groups.items())
    ]
