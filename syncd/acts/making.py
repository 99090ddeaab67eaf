"""From a wish to a plan: what the search finds, what would be done to each, and what speaks against it already."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from syncd.acts.decide import Sight, caps_fault, early_fault
from syncd.acts.wishes import Wish
from syncd.errors import ConfigError
from syncd.model import Act, Node
from syncd.plugin import Acting, Collector
from syncd.search.answer import Asking, Question, columns_of
from syncd.search.past import one_moment
from syncd.search.tree import Path
from syncd.settings import PlansSettings, SearchSettings
from syncd.store.keys import node_key
from syncd.store.plans import Draft, DraftItem, protection, unmatched
from syncd.tagging import texts_of

Row = dict[str, Any]

RESOURCE = ("kind", "id", "name", "urn", "account", "account.name", "region")
_STORED = (
    "select n.hash, n.zone, d.tags, d.body, n.account, s.collector, s.account, s.region, s.name, s.state "
    "from node n join document d on d.node = n.key join scope s on s.id = n.scope where n.key = ?"
)
_PRESENT = "select count(*) from node where kind = (select id from kind where name = ?)"


@dataclass(frozen=True, slots=True)
class Known:
    """A resource as the store has it. `scope`: its key; `owner`: that scope's account."""

    node: Node
    hash: bytes
    collector: str
    owner: str
    scope: str
    coverage: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan is made on. `rule`: who asks for it, "" for somebody by hand."""

    settings: PlansSettings
    search: SearchSettings
    collectors: Mapping[str, Collector]
    now: datetime
    rule: str = ""


class Nothing(ConfigError):
    """The search finds no resource."""


def drafted(connection: sqlite3.Connection, wish: Wish, ground: Ground) -> Draft:
    """The plan for a wish, all of one moment. The connection is a reading one.

    Raises QueryError, ConfigError, LimitReached.
    """
    wish.check()
    with one_moment(connection):
        return _drafted(connection, wish, ground)


def _drafted(connection: sqlite3.Connection, wish: Wish, ground: Ground) -> Draft:
    found, more = _found(connection, wish, ground)
    if not found:
        raise Nothing("the search finds nothing: there is nothing to plan")
    settings = ground.settings
    expires = ground.now + timedelta(hours=settings.expire_after_hours)
    caps = {"max_resources": settings.max_resources, "max_share": settings.max_share}
    draft = Draft(wish.search, wish.told(), caps, expires.strftime("%Y-%m-%dT%H:%M:%SZ"), found=len(found))
    if more:
        return replace(draft, state="failed", reason=f"the search finds more than {len(found):,} resources")
    items = tuple(_item(connection, wish, ground, row) for row in found)
    wanted = Counter(str(item.resource["kind"]) for item in items if item.state == "planned")
    if fault := caps_fault(settings, wanted, present(connection, wanted)):
        return replace(draft, state="failed", reason=fault)
    return _settled(replace(draft, items=items))


def _settled(draft: Draft) -> Draft:
    """Where there is nothing to do, the plan has ended as soon as it is made."""
    states = {item.state for item in draft.items}
    if "planned" in states:
        return draft
    if states == {"skipped"}:
        return replace(draft, state="applied", reason="all of them are so already")
    return replace(draft, state="failed", reason="nothing of it may be done; each resource says why")


def _found(connection: sqlite3.Connection, wish: Wish, ground: Ground) -> tuple[list[Row], bool]:
    """Values of the resource and of what the templates read, in the order of the search."""
    paths = (*RESOURCE, *(path for path in wish.fields() if path not in RESOURCE))
    return _rows(connection, wish.search, paths, ground.search, ground.now)


def _rows(
    connection: sqlite3.Connection, text: str, paths: Sequence[str], search: SearchSettings, now: datetime
) -> tuple[list[Row], bool]:
    """Values by path, as it is written here, and whether there is more."""
    columns: tuple[Path, ...] = tuple(path for each in paths for path in columns_of(each))
    if len(columns) != len(paths):
        raise ConfigError("a path in braces is one path, without a comma")
    question = Question(
        text, columns=columns, limit=search.max_rows, seconds=search.timeout_seconds, templates=search.templates
    )
    asked = Asking(connection, question, now)
    if asked.query.aggregate is not None:
        raise ConfigError("an aggregate finds no resources: expected a search for some")
    answer = asked.answer()
    rows = [dict(zip(paths, (row[str(column)] for column in columns), strict=True)) for row in answer.rows]
    return rows, answer.more


def _item(connection: sqlite3.Connection, wish: Wish, ground: Ground, row: Row) -> DraftItem:
    key = node_key(row["urn"])
    known = stored(connection, key, row)
    resource = {name.replace(".", "_"): row[name] or "" for name in RESOURCE}
    tags = known.node.tags
    try:
        act = wish.act(row)
    except ConfigError as error:
        act = Act(wish.verb, keys=wish.keys, service=wish.service, operation=wish.operation)
        return DraftItem(key, known.scope, known.hash, resource, act, tags, "refused", str(error))
    state, reason = _verdict(connection, ground, known, act)
    return DraftItem(key, known.scope, known.hash, resource, act, tags, state, reason)


def _verdict(connection: sqlite3.Connection, ground: Ground, known: Known, act: Act) -> tuple[str, str]:
    """planned, skipped or refused, and why."""
    if act.verb != "call" and act.wanted(known.node.tags) == known.node.tags:
        return "skipped", "it is so already"
    collector: object = ground.collectors.get(known.collector)
    if not isinstance(collector, Acting):
        return "refused", f"{known.node.kind} cannot be changed here"
    protected = protection(connection, node_key(known.node.urn))
    sight = Sight(known.node.account, known.owner, known.coverage, protected, tags=known.node.tags)
    fault = early_fault(ground.settings, sight) or unmatched(connection, ground.rule, node_key(known.node.urn))
    fault = fault or _stray(act, known.node) or collector.fault(known.node, act)
    return ("refused", fault) if fault else ("planned", "")


def _stray(act: Act, node: Node) -> str:
    """A call that does not name its resource would pass by everything that guards the one that it does name.

    A part of a longer name names something else: `web` is not in `web-2`, nor `logs` in `logs.old`.
    """
    names = [re.escape(each) for each in (node.id, node.name, node.urn) if each]
    named = re.compile(rf"(?<![\w-])({'|'.join(names)})(?!\.?[\w-])")
    if act.verb != "call" or any(named.search(text) for text in texts_of(act.parameters)):
        return ""
    return "no parameter of the call names its id, its name or its URN"


def stored(connection: sqlite3.Connection, key: int, resource: Mapping[str, Any]) -> Known:
    """A resource of which `resource` tells kind, id, name, urn and region. Raises ConfigError when it is not there."""
    row = connection.execute(_STORED, (key,)).fetchone()
    if row is None:
        raise ConfigError(f"{resource['urn']} is not known any more")
    digest, zone, tags, body, account, collector, owner, region, name, state = row
    node = Node(
        resource["urn"],
        resource["kind"],
        resource["id"],
        resource["name"],
        account,
        region,
        zone,
        tags=orjson.loads(tags),
        document=orjson.loads(body),
    )
    return Known(node, digest, collector, owner, f"{collector}/{owner}/{region}/{name}", state)


def present(connection: sqlite3.Connection, kinds: Mapping[str, int]) -> dict[str, int]:
    """How many there are of each kind."""
    return {kind: connection.execute(_PRESENT, (kind,)).fetchone()[0] for kind in kinds}


def found_by(
    connection: sqlite3.Connection, text: str, search: SearchSettings, now: datetime, *, empty: bool = False
) -> list[tuple[int, str]]:
    """Key and URN of all that a search finds. Raises ConfigError for too much, and for nothing unless that is good."""
    with one_moment(connection):
        rows, more = _rows(connection, text, ("urn",), search, now)
    if more:
        raise ConfigError(f"the search finds more than {len(rows):,} resources")
    if not rows and not empty:
        raise ConfigError("the search finds nothing")
    return [(node_key(row["urn"]), row["urn"]) for row in rows]


def named(
    connection: sqlite3.Connection, text: str, urns: Sequence[str], search: SearchSettings, now: datetime
) -> list[tuple[int, str]]:
    """Key and URN of what is meant by a search, or by URNs. Raises ConfigError where any of these is not known."""
    if not urns:
        return found_by(connection, text, search, now)
    found = found_by(connection, search_for(urns), search, now, empty=True)
    known = {urn for _, urn in found}
    for urn in urns:
        if urn not in known:
            raise ConfigError(f"{urn} is not known")
    return found


def search_for(urns: Sequence[str]) -> str:
    """The search that finds these resources."""
    return f"urn in [{', '.join(orjson.dumps(urn).decode() for urn in urns)}]"
