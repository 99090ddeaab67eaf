"""What rules say of the graph at one moment, and what differs from what they said before. Reads, never writes."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from syncd.errors import LimitReached, QueryError
from syncd.installed import link
from syncd.rules.changes import Changes, Since, TooMany
from syncd.rules.decide import CHANGED, MENDED, Answer, Decision, decide
from syncd.rules.moments import Lasting, lasting
from syncd.rules.prepared import Prepared, Texts, written
from syncd.rules.unsure import Seen
from syncd.search import functions, past
from syncd.search.candidates import chosen
from syncd.search.compile import members
from syncd.search.context import Context, Picture
from syncd.search.guard import guarded
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import Query
from syncd.settings import RuleSettings
from syncd.store import matches
from syncd.store.matches import Match, State, Told, Verdict
from syncd.store.snapshots import snapshots


@dataclass(frozen=True, slots=True)
class Terms:
    """What all rules go by. `whole`: ask about everything, whatever is known."""

    now: datetime
    templates: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0
    whole: bool = False

    @property
    def at(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def evaluate(
    connection: sqlite3.Connection, rules: Iterable[RuleSettings], terms: Terms, texts: Texts
) -> list[Verdict]:
    """All of one moment. The connection is read-only, and nobody else uses it meanwhile."""
    functions.install(connection)
    with past.one_moment(connection):
        return list(Evaluation(connection, terms, texts).verdicts(rules))


class Evaluation:
    """Everything that the rules of one moment share."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, texts: Texts) -> None:
        self.connection = connection
        self.terms = terms
        self.schema: Schema = load_schema(connection)
        self._texts = texts
        texts.begin(self.schema)
        self._seen = Seen(connection, self.schema, terms.now)
        self._states = matches.states(connection)
        self._waiting = matches.waiting(connection)
        self._doubts = matches.doubts(connection)
        self._number = int(connection.execute("select value from counter where name = 'commit'").fetchone()[0])
        row = connection.execute("select max(from_commit) from horizon").fetchone()
        self._horizon = int(row[0] or 0)
        self._changes: dict[Since, Changes] = {}
        self._lost: dict[Since, dict[str, set[int]]] = {}

    def verdicts(self, rules: Iterable[RuleSettings]) -> Iterator[Verdict]:
        found = [self._verdict(rule) for rule in rules]
        wanted = {node for each in found for node in _new(each)}
        known = snapshots(self.connection, wanted)
        for resource in known.values():
            resource["link"] = link(resource["cloud"], resource)
        for each in found:
            yield replace(each, resources={node: known[node] for node in _new(each)})

    def _verdict(self, rule: RuleSettings) -> Verdict:
        """A rule that cannot be evaluated says why, and changes nothing."""
        begun, old = time.perf_counter(), self._states.get(rule.name, State())
        told = Told(rule.name, rule.severity, rule.to)
        try:
            said, text = written(rule.search, self.terms.templates, self.terms.now)
            prepared = self._texts.prepared(rule.name, text, self.schema, self.terms.now)
            fingerprint = self._texts.fingerprint(said, text)
            decision = self._decided(rule, prepared, old, fingerprint)
        except (QueryError, LimitReached, sqlite3.Error) as error:
            return Verdict(told, old._replace(problem=self._problem(error)), doubt=self._doubtful(rule.name))
        took = time.perf_counter() - begun
        state = State(fingerprint, self.terms.at, self._number, round(took, 6))
        return Verdict(
            told, state, decision.begin, decision.cease, decision.pending, decision.drop, frozenset(decision.doubt)
        )

    def _doubtful(self, rule: str) -> frozenset[int]:
        return frozenset(self._doubts.get(rule, ()))

    def _problem(self, error: Exception) -> str:
        if isinstance(error, LimitReached):
            return f"it took more than {self.terms.seconds:g} s; narrow it, or raise rules.timeout_seconds"
        return str(error)

    def _decided(self, rule: RuleSettings, prepared: Prepared, old: State, fingerprint: str) -> Decision:
        since = None if self.terms.whole else self._since(old, fingerprint)
        if since is not None and prepared.reach.windows:
            assert self._changed(since).ready
        with guarded(self.connection, self.terms.seconds):
            asked = None if since is None else self._concerned(rule.name, prepared, since)
            gone = self._gone(rule, None if asked is None else since)
            if asked is not None and not (asked or gone or rule.name in self._waiting):
                return Decision()
            before = matches.before(self.connection, rule.name, None if asked is None else asked | gone)
            answer = self._answer(prepared, asked, gone, before)
        changed = old.fingerprint and old.fingerprint.partition(":")[0] != fingerprint.partition(":")[0]
        return decide(before, answer, _lasting(rule), self.terms.at, mended=CHANGED if changed else MENDED)

    # -- who is asked about

    def _since(self, old: State, fingerprint: str) -> Since | None:
        """None: all must be asked about, since what happened meanwhile is not known any more or means another thing."""
        known = old.fingerprint == fingerprint and old.number >= self._horizon
        if not known or old.number > self._number or old.evaluated > self.terms.at:
            return None
        return Since(old.number, old.evaluated)

    def _concerned(self, rule: str, prepared: Prepared, since: Since) -> set[int] | None:
        """Nodes whose answer may differ; None for all."""
        reach, changes = prepared.reach, self._changed(since)
        if reach.always or reach.coverage:
            return None
        if reach.places and changes.any_of(reach.places):
            return None
        found = changes.of_kinds(reach.own) | self._doubts.get(rule, set())
        if reach.reads is None or reach.reads & self.schema.moving:
            found |= changes.moved
        found |= changes.come(reach.windows, reach.own)
        try:
            return found | changes.around(reach.hops)
        except TooMany:
            return None

    def _gone(self, rule: RuleSettings, since: Since | None) -> set[int]:
        if since is None:
            return matches.vanished(self.connection, rule.name)
        if since not in self._lost:
            self._lost[since] = matches.lost(self.connection, self._changed(since).gone)
        return self._lost[since].get(rule.name, set())

    def _changed(self, since: Since) -> Changes:
        if since not in self._changes:
            self._changes[since] = Changes(self.connection, self.schema, since, self._number, self.terms.now)
        return self._changes[since]

    # -- what they answer

    def _answer(
        self, prepared: Prepared, asked: Set[int] | None, gone: Set[int], before: Mapping[int, Match]
    ) -> Answer:
        found = self._found_of(prepared, asked)
        asked_of = before.keys() if asked is None else before.keys() & asked
        rising, falling = found - before.keys(), set(asked_of) - found - gone
        waiting = {node for node, match in before.items() if match.state == matches.PENDING} - gone
        candidates = rising | falling | waiting
        if not candidates:
            return Answer(found, asked, gone)
        unsure = self._seen.unsure(candidates, prepared.reach) | self._hidden(
            prepared, rising | (waiting - falling), falling
        )
        return Answer(found, asked, gone, unsure)

    def _hidden(self, prepared: Prepared, rising: set[int], falling: set[int]) -> set[int]:
        """What was not seen cannot make a node cease whose own properties say that it does."""
        reach = prepared.reach
        hidden = self._seen.hidden(rising, reach) if reach.doubtful else set()
        unsure = self._seen.hidden(falling, reach)
        if unsure and prepared.own is not None:
            unsure = self._found(prepared.own, unsure)
        return hidden | unsure

    def _found_of(self, prepared: Prepared, asked: Set[int] | None) -> set[int]:
        """A node that is asked about alone must fulfil each of the searches that the rule's search comes to."""
        if asked is None:
            return self._found(prepared.query, None)
        found = set(asked)
        for query in prepared.reach.queries:
            found = self._found(query, found)
        return found

    def _found(self, query: Query, asked: Set[int] | None) -> set[int]:
        if asked is not None and not asked:
            return set()
        context = Context(query.text, self.schema, Picture(), self.terms.now)
        origin = ""
        if asked is not None:
            origin = f"select value as key from json_each({context.bind(orjson.dumps(sorted(asked)).decode())})"
        elif query.parts[0].walk is None:
            origin = chosen(self.connection, context, query.parts[0].filter).select
        statement = members(context, query, origin)
        return {key for (key,) in self.connection.execute(statement.sql, statement.values)}


def _lasting(rule: RuleSettings) -> Lasting:
    """Rules that are on by command only are not checked with the configuration."""
    try:
        return lasting(rule.lasting)
    except ValueError as error:
        raise QueryError(f"for: {error}") from None


def _new(verdict: Verdict) -> Iterator[int]:
    """Of whom it must be known what they are: who begins, and who is newly pending."""
    yield from verdict.begin
    yield from (node for node, match in verdict.pending.items() if match.runs == 1)
