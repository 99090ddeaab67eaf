"""`syncctl debug calls`: what the next run will cost in calls, told before it runs."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.config import collectors_alone, schedule_settings, sync_settings
from syncd.errors import ConfigError
from syncd.forecast import Forecasting, Places
from syncd.model import Blind, Scope
from syncd.plugin import Collector, Selection
from syncd.store import coverage, queries
from syncd.store.reader import reading
from syncd.sync.cadence import Cadence, cadence_of
from syncd.sync.cost import Cost, Estate, Reckoning, stored, total
from syncd.sync.scope_run import iso

COLUMNS = ("scopes", "resting", "new", "unknown", "resources", "least", "calls")
TABLE = ("scopes", "resting", "new", "resources", "at least", "about")
ALL = "(all)"
REGIONS = 17
"""So many an account usually has."""
NOTHING = """\
nothing was read so far; what a first run asks at least is told by
  syncctl debug calls --discover                     after asking which accounts and regions there are
  syncctl debug calls --accounts 20 --regions 17     without asking anybody"""

Configured = Mapping[str, tuple[Collector, Any]]


def calls(arguments: argparse.Namespace) -> int:
    """Dearest first. In a table the sum of all stands below."""
    if arguments.discover and arguments.regions:
        raise ConfigError("--discover finds the regions itself: leave out --regions")
    configured = collectors_alone(arguments.config)
    reckoning = _reckoning(arguments, configured)
    if arguments.discover:
        _discover(arguments, configured, reckoning)
    else:
        for scope in _planned(arguments, configured, reckoning):
            reckoning.add(scope)
    found = reckoning.ended()
    _show(found, arguments)
    if not found:
        print(NOTHING, file=sys.stderr)
    return Exit.OK


def _reckoning(arguments: argparse.Namespace, configured: Configured) -> Reckoning:
    imagined = arguments.accounts or arguments.regions
    estate = _estate(arguments)
    cadence = Cadence() if arguments.everything or imagined else cadence_of(schedule_settings(arguments.config))
    known = {collector for collector, _, _ in _places(estate)}
    forecasts = {
        name: found.forecast(settings)
        for name, (found, settings) in configured.items()
        if isinstance(found, Forecasting) and (arguments.discover or imagined or name in known)
    }
    return Reckoning(estate, forecasts, cadence, iso(datetime.now(UTC)), lambda scope: _part(scope, arguments.by))


def _estate(arguments: argparse.Namespace) -> Estate:
    """What the store knows; nothing where there is none yet and a first run is asked about."""
    file = store_of(arguments)
    if not file.exists() and (arguments.db is None or arguments.discover or arguments.accounts or arguments.regions):
        return Estate({}, {}, {}, {}, {})
    with reading(file) as connection:
        return Estate(
            coverage.load(connection),
            coverage.load_quiet(connection),
            coverage.load_served(connection),
            coverage.load_kinds(connection),
            queries.last_calls(connection),
        )


def _places(estate: Estate) -> set[coverage.Place]:
    rows = {(row.collector, row.account, row.region) for row in estate.rows.values() if row.state != "retired"}
    return rows | estate.quiet.keys()


def _planned(arguments: argparse.Namespace, configured: Configured, reckoning: Reckoning) -> Iterator[Scope]:
    """The scopes of what is known, or of so many accounts and regions."""
    forecasts = reckoning.forecasts
    imagined = arguments.accounts or arguments.regions
    if imagined and not forecasts:
        raise ConfigError("no collector that is configured tells beforehand what it asks")
    for name in forecasts:
        collector, settings = configured[name]
        assert isinstance(collector, Forecasting)
        places = (
            collector.imagined(settings, arguments.accounts or 1, arguments.regions or REGIONS)
            if imagined
            else _known(name, reckoning)
        )
        yield from collector.planned(settings, places)
    if not imagined:
        yield from stored(
            reckoning.estate, lambda name, scope: name not in forecasts or scope in forecasts[name].central
        )


def _known(collector: str, reckoning: Reckoning) -> Places:
    """Account → regions that hold something or were found empty. What was never looked into is no place."""
    asked = reckoning.forecasts[collector].asked
    found: dict[str, set[str]] = {}
    for row in reckoning.estate.rows.values():
        if row.collector == collector and row.state != "retired" and row.name in asked:
            found.setdefault(row.account, set()).add(row.region)
    for of, account, region in reckoning.estate.quiet:
        if of == collector:
            found.setdefault(account, set()).add(region)
    return {account: sorted(regions) for account, regions in sorted(found.items())}


def _discover(arguments: argparse.Namespace, configured: Configured, reckoning: Reckoning) -> None:
    from syncd.loop import run

    run(_discovered(arguments, configured, reckoning))


async def _discovered(arguments: argparse.Namespace, configured: Configured, reckoning: Reckoning) -> None:
    """Asks for accounts and regions as the run will do."""
    from syncd.sync.calls import HostCalls
    from syncd.sync.limits import Limits
    from syncd.sync.perform import patience_of

    settings = sync_settings(arguments.config)
    for name, (collector, given) in configured.items():
        session = await collector.open(given)
        asking = HostCalls(Limits(settings.max_in_flight), patience_of(settings))
        try:
            async for found in session.scopes(asking, Selection()):
                if isinstance(found, Blind):
                    print(f"not seen: {found.account or 'accounts'}: {found.reason}", file=sys.stderr)
                else:
                    reckoning.add(found)
        finally:
            await session.close()
        reckoning.discovered(name, asking.tally.calls)


def _show(found: Mapping[str, Cost], arguments: argparse.Namespace) -> None:
    rows = sorted(found.items(), key=lambda each: (-each[1].calls, each[0]))
    if arguments.output == "table":
        rows.append(("total", total(found.values())))
        shown = [
            (name, cost.scopes, cost.resting, cost.new, cost.resources, cost.least, _about(cost)) for name, cost in rows
        ]
        show((arguments.by, *TABLE), shown, "table", colours=coloured(sys.stdout, no_color=arguments.no_color))
        return
    values = ((name, *(round(getattr(cost, column)) for column in COLUMNS)) for name, cost in rows)
    show((arguments.by, *COLUMNS), values, arguments.output)


def _about(cost: Cost) -> str:
    """Where something was read nowhere so far, nobody knows what is in it."""
    return f"{round(cost.calls)} or more" if cost.unknown else str(round(cost.calls))


def _part(scope: Scope, by: str) -> str:
    if by == "service":
        return f"{scope.collector}/{scope.name.partition('.')[0]}"
    return scope.name if by == "scope" else str(getattr(scope, by) or ALL)
