"""`syncctl debug calls`: what the next run will cost in calls, told before it runs."""

import argparse
import sys
from datetime import UTC, datetime

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.config import schedule_settings
from syncd.model import Scope
from syncd.store import coverage, queries
from syncd.store.reader import reading
from syncd.sync.cadence import Cadence, cadence_of
from syncd.sync.cost import Estate, costs, total
from syncd.sync.scope_run import iso

COLUMNS = ("scopes", "resting", "resources", "calls")


def calls(arguments: argparse.Namespace) -> int:
    """Dearest first. In a table the sum of all stands below."""
    with reading(store_of(arguments)) as connection:
        estate = Estate(
            coverage.load(connection),
            coverage.load_quiet(connection),
            coverage.load_served(connection),
            coverage.load_kinds(connection),
            queries.last_calls(connection),
        )
    cadence = Cadence() if arguments.everything else cadence_of(schedule_settings(arguments.config))
    found = costs(estate, cadence, iso(datetime.now(UTC)), lambda scope: _part(scope, arguments.by))
    rows = sorted(found.items(), key=lambda each: (-each[1].calls, each[0]))
    if arguments.output == "table":
        rows.append(("total", total(found.values())))
    values = ((name, *(getattr(cost, column) for column in COLUMNS)) for name, cost in rows)
    show((arguments.by, *COLUMNS), values, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    if not found:
        print("nothing was read so far: a run has to come first", file=sys.stderr)
    return Exit.OK


def _part(scope: Scope, by: str) -> str:
    if by == "service":
        return f"{scope.collector}/{scope.name.partition('.')[0]}"
    return scope.name if by == "scope" else str(getattr(scope, by))
