"""What is wrong with one rule beyond its form: its search, moments, fields and templates; a line for each."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from syncd.complaints import nearest
from syncd.errors import QueryError
from syncd.kinds import BASE_KINDS, Kind, KindRegistry
from syncd.outbox.wording import problems_of
from syncd.plugin import Collector, all_kinds
from syncd.quiet import Quiet
from syncd.rules.moments import glob_problem, lasting, moments
from syncd.rules.prepared import checked, written
from syncd.schedule import when
from syncd.search.parse import parse
from syncd.search.schema import Schema
from syncd.settings import Config, RuleSettings

GROUPS = ("account", "account_name", "cloud", "id", "kind", "name", "region", "urn", "zone")
"""Fields of a resource that a rule may group by, beside tags.NAME."""
_TAG = re.compile(r"tags\..+")
OF_CHANGE = ("path", "old", "new")
INDENT = "\n    "


def problems(rule: RuleSettings, found: Config, schema: Schema, now: datetime) -> Iterator[str]:
    if rule.search and (problem := search_problem(rule, found.search.templates, schema, now)):
        yield problem
    yield from _of_moments(rule, found.schedule.timezone)
    yield from _of_events(rule)
    for text in rule.quiet:
        yield from _tried(partial(Quiet.parse, text), "quiet")
    for name in rule.group_by or ():
        if name not in GROUPS and not _TAG.fullmatch(name):
            yield f"group_by: unknown field {name}; {nearest(name, (*GROUPS, 'tags.NAME'))}"
    yield from problems_of(rule)


def search_problem(rule: RuleSettings, templates: Mapping[str, str], schema: Schema, now: datetime) -> str:
    """Why the search cannot be asked, with a caret under the place; "" when it can."""
    try:
        _, text = written(rule.search, templates, now)
        checked(parse(text, now=now), text, schema, now)
    except QueryError as error:
        return f"search: {str(error).replace(chr(10), INDENT)}"
    return ""


def _of_moments(rule: RuleSettings, zone: str) -> Iterator[str]:
    each = moments(rule)
    for line in each.lines:
        yield from _tried(partial(when, line, zone), "when: cron")
    for glob in each.globs:
        if problem := glob_problem(glob, own=False):
            yield f"when: {problem}"
    yield from _tried(partial(lasting, rule.lasting), "for")
    if rule.lasting and not rule.search:
        yield "for: only what a search finds lasts"


def _of_events(rule: RuleSettings) -> Iterator[str]:
    for glob in rule.on:
        if problem := glob_problem(glob):
            yield f"on: {problem}"
    for name in rule.where:
        if not rule.on:
            yield f"where.{name}: goes with on; a search says itself which resources"
        elif name in OF_CHANGE or (name.startswith("changes.") and name.removeprefix("changes.") not in OF_CHANGE):
            yield f"where: unknown field {name}; of a change there are {', '.join(f'changes.{n}' for n in OF_CHANGE)}"
    if rule.on and rule.when:
        yield "when: a rule with on is told of its events as they come"


def _tried(what: Callable[[], object], name: str) -> Iterator[str]:
    try:
        what()
    except ValueError as error:
        yield f"{name}: {error}"


def schema_of(collectors: Mapping[str, Collector]) -> Schema:
    """What searches may name when all of these have been read; its numbers mean nothing."""
    registry, types = KindRegistry(), set[str]()
    for collector in collectors.values():
        registry.add(all_kinds(collector))
        types.update(collector.edge_types())
    kinds: list[Kind] = list(registry)
    numbers = {kind.name: number for number, kind in enumerate(kinds, 1)}
    below: dict[str, set[int]] = {kind.name: set() for kind in BASE_KINDS}
    for kind in kinds:
        for name in (kind.name, *registry.bases(kind.name)):
            below.setdefault(name, set()).add(numbers[kind.name])
    units = {name: unit for base in BASE_KINDS for name, unit in base.properties.items()}
    return Schema(
        {name: frozenset(found) for name, found in below.items()},
        {number: name for name, number in numbers.items()},
        {name: (number,) for number, name in enumerate(sorted(types), 1)},
        units,
    )
