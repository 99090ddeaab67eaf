"""What a rule would have told, had it been there: the stored history, moment by moment. Reads, never writes."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import orjson

from syncd.outbox import routing
from syncd.rules.decide import Answer, decide
from syncd.rules.moments import OWN, lasting, moments
from syncd.rules.prepared import Prepared, understood, written
from syncd.rules.unsure import Seen
from syncd.schedule import when
from syncd.search import functions, past
from syncd.search.compile import members
from syncd.search.context import Context, Picture
from syncd.search.guard import guarded
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import Query
from syncd.settings import RuleSettings, SearchSettings
from syncd.store import outbox
from syncd.store.matches import CLEARED, DUE, FIRING, MATCHED, PENDING, Match
from syncd.store.queries import Row, fetched
from syncd.store.snapshots import snapshots

SECONDS = 600.0
"""For one moment: the past is slow, and nobody waits for it but who asked."""
MOST_TIMES = 10_000
TOGETHER = 1_000
_EVALUATED = (
    "select max(e.number), max(e.at), e.run from event e where e.type in (select value from json_each(:types)) "
    "and e.run > 0 and e.at >= :since group by e.run, e.type"
)
_WITHOUT = (
    "select max(c.number), r.finished, r.id from run r join commit_log c on c.run = r.id "
    "where r.finished >= :since and r.workflow = 'collect' "
    "and not exists (select 1 from step s where s.run = r.id) group by r.id"
)
_THEN = (
    "select n.key, k.name as kind, n.id, n.name, n.urn, n.account, n.region from json_each(:keys) j cross join ("
    "select key, kind, id, name, urn, account, region from node where from_commit <= :commit union all "
    "select key, kind, id, name, urn, account, region from temp.past_node) n cross join kind k "
    "where n.key = j.value and k.id = n.kind"
)
ABOUT = ("kind", "name", "id", "urn", "account", "region")
_COMMIT = "select max(number) from commit_log where at <= ?"


class Moment(NamedTuple):
    """When the rule would have been looked at, and at which picture. `why`: step, event or cron line."""

    at: str
    commit: int
    why: str = ""


@dataclass(slots=True)
class Rehearsal:
    """One rule on one connection, which nobody else uses meanwhile."""

    connection: sqlite3.Connection
    rule: RuleSettings
    search: SearchSettings
    now: datetime
    zone: str = "UTC"
    _schema: Schema = field(init=False)
    _matches: dict[int, Match] = field(default_factory=dict)
    _known: dict[int, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        functions.install(self.connection)
        self._schema = load_schema(self.connection)

    def told(self, since: str) -> Iterator[Row]:
        """Events, as they would have been told: when, of what (ABOUT), and because of which step, event or time."""
        if self.rule.on:
            yield from self._events(since)
        elif self.rule.search:
            for moment in self.moments(since):
                yield from self._at(moment)
        else:
            for moment in self.moments(since):
                yield _row(moment, DUE, {})

    def matching(self) -> set[int]:
        """Who would be told of now, as if the rule had just been made, and did not wait."""
        number = self.connection.execute("select value from counter where name = 'commit'").fetchone()[0]
        self._matches, self._known = {}, {}
        list(self._at(Moment(_text(self.now), int(number)), waits=False))
        return {node for node, match in self._matches.items() if match.state == FIRING}

    # -- moments

    def moments(self, since: str) -> list[Moment]:
        """In order of time. What was forgotten of the past cannot be asked."""
        each = moments(self.rule)
        found = [*self._steps(each.steps, since), *self._lines(each.lines, since), *self._started(each.globs, since)]
        row = self.connection.execute("select max(from_commit) from horizon").fetchone()
        horizon = max(int(row[0] or 0), 1)
        return sorted(moment for moment in found if moment.commit >= horizon)

    def _steps(self, steps: Iterable[str], since: str) -> Iterator[Moment]:
        """A run in the foreground has no steps: it looks at its end."""
        values = {"types": orjson.dumps(sorted(steps)).decode(), "since": since}
        for number, at, _ in self.connection.execute(_EVALUATED, values):
            yield Moment(at, number, ", ".join(sorted(steps)))
        if "post_collect" in steps:
            for number, at, _ in self.connection.execute(_WITHOUT, values):
                yield Moment(at, number, "post_collect")

    def _lines(self, lines: Iterable[str], since: str) -> Iterator[Moment]:
        first = self.connection.execute("select min(at) from commit_log").fetchone()[0] or _text(self.now)
        for line in lines:
            occasion = datetime.fromisoformat(max(since, first))
            for _ in range(MOST_TIMES):
                occasion = when(line, self.zone).next_after(occasion)
                if occasion > self.now:
                    break
                commit = self.connection.execute(_COMMIT, (_text(occasion),)).fetchone()[0]
                yield Moment(_text(occasion), commit or 0, line)

    def _started(self, globs: Iterable[str], since: str) -> Iterator[Moment]:
        wanted = tuple(globs)
        if not wanted:
            return
        query = "select distinct at, number, type from event where at >= ? order by number"
        for at, number, type_ in self.connection.execute(query, (since,)):
            if type_.partition(".")[0] not in OWN and any(fnmatchcase(type_, glob) for glob in wanted):
                yield Moment(at, number, type_)

    # -- events

    def _events(self, since: str) -> Iterator[Row]:
        table = routing.Table((self.rule,), bases=outbox.bases(self.connection))
        after = self.connection.execute("select coalesce(max(seq), 0) from event where at < ?", (since,)).fetchone()[0]
        last = self.connection.execute("select coalesce(max(seq), 0) from event").fetchone()[0]
        while rows := outbox.events(self.connection, after, last, table.globs, TOGETHER):
            resources = snapshots(self.connection, {row["node"] for row in rows})
            for event in rows:
                resource = routing.resource_of(event, resources)
                if any(route.rule == self.rule.name for route in routing.routes(event, resource, table)):
                    about = {**resource, **{name: event[name] for name in ("kind", "name", "urn")}}
                    yield _row(Moment(event["at"], 0, f"event {event['seq']}"), event["type"], about)
            after = rows[-1]["seq"]

    # -- one moment

    def _at(self, moment: Moment, *, waits: bool = True) -> Iterator[Row]:
        now = datetime.fromisoformat(moment.at)
        _, text = written(self.rule.search, self.search.templates, now)
        prepared = understood(text, self._schema, now)
        lasts = lasting(self.rule.lasting if waits else "")
        with past.one_moment(self.connection):
            past.load(self.connection, moment.commit)
            with guarded(self.connection, SECONDS):
                answer = self._answer(prepared, moment.commit, now)
            decision = decide(self._matches, answer, lasts, moment.at)
            rows = self._rows(moment.commit, decision.begin)
        self._known |= {row.pop("key"): row for row in rows}
        for node, why in sorted(decision.cease.items()):
            yield _row(moment, CLEARED, self._known.pop(node), why)
        for node in sorted(decision.begin):
            yield _row(moment, MATCHED, self._known[node])
        self._matches |= {**decision.pending, **decision.begin}
        for node in (*decision.cease, *decision.drop):
            del self._matches[node]

    def _answer(self, prepared: Prepared, commit: int, now: datetime) -> Answer:
        reach, known = prepared.reach, self._matches
        found = self._found(prepared.query, commit, now)
        gone = known.keys() - {row["key"] for row in self._rows(commit, known)}
        rising, falling = found - known.keys(), known.keys() - found - gone
        waiting = {node for node, match in known.items() if match.state == PENDING} - gone
        seen = Seen(self.connection, self._schema, now, commit)
        hidden = seen.hidden(falling, reach)
        if hidden and prepared.own is not None:
            hidden &= self._found(prepared.own, commit, now)
        if reach.doubtful:
            hidden |= seen.hidden(rising | (waiting - falling), reach)
        return Answer(found, None, gone, hidden | seen.unsure(rising | falling | waiting, reach))

    def _found(self, query: Query, commit: int, now: datetime) -> set[int]:
        statement = members(Context(query.text, self._schema, Picture(commit), now), query)
        return {key for (key,) in self.connection.execute(statement.sql, statement.values)}

    def _rows(self, commit: int, nodes: Iterable[int]) -> list[Row]:
        values = {"keys": orjson.dumps(sorted(nodes)).decode(), "commit": commit}
        return fetched(self.connection, _THEN, values)


def _row(moment: Moment, type_: str, resource: Mapping[str, Any], reason: str = "") -> Row:
    about = {name: resource.get(name, "") for name in ABOUT}
    return {"at": moment.at, "type": type_, **about, "reason": reason, "because": moment.why}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
