"""What the file says, read by a connection of its own with the plainest statements."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tests.state.estate import CANARY, SCOPES, Thing
from tests.state.model import Known, Match, Matches, Picture, Told

SECRETS = tuple(text.encode() for text in (CANARY, "canary-of-the-hearer", "canary-of-the-collector"))


class Event(NamedTuple):
    seq: int
    type: str
    scope: str
    urn: str
    body: dict[str, Any]

    @property
    def told(self) -> Told:
        """As the model has it."""
        family = self.type.partition(".")[0]
        if family == "scope":
            return (self.type, self.scope)
        if family == "rule":
            why = self.body["reason"].replace("the rule was changed", "mended")
            return (self.type, self.urn, self.body["rule"], why, *self.body["targets"])
        lines = [f"{c['path']}: {c['old']} → {c['new']}" for c in _changes(self.body)]
        return (self.type, self.urn, *sorted(lines))


def _changes(body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body.get("changes", [])
    return found


class Notice(NamedTuple):
    uid: str
    target: str
    state: str
    body: str


@dataclass(frozen=True)
class Seen:
    pictures: dict[str, Picture]
    matches: Matches
    events: list[Event]
    deliveries: dict[tuple[str, str, int], int]
    notices: dict[int, Notice]
    protected: set[str]
    items: dict[int, dict[str, str]]
    cursor: int


def look(path: Path) -> Seen:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        ask = connection.execute
        rows = ask("select seq, type, scope, urn, body from event order by seq").fetchall()
        [counter] = ask("select value from counter where name = 'event'").fetchone()
        assert [row[0] for row in rows] == list(range(1, counter + 1)), "the numbers of events have a gap"
        assert ask(_STRAY).fetchall() == [], "a match whose event is another"
        items: dict[int, dict[str, str]] = {}
        for plan, resource, state in ask("select plan, resource, state from plan_item order by plan, position"):
            items.setdefault(plan, {})[orjson.loads(resource)["urn"]] = state
        return Seen(
            _pictures(connection),
            {
                (rule, urn): Match(runs, tuple(orjson.loads(targets)) if state == "firing" else None)
                for rule, urn, state, runs, targets in ask(_MATCHES)
            },
            [Event(seq, type_, scope, urn, orjson.loads(body)) for seq, type_, scope, urn, body in rows],
            {(t, r, e): n for t, r, e, n in ask("select target, rule, event, notice from delivery")},
            {row[0]: Notice(*row[1:]) for row in ask("select id, uid, target, state, body from notice")},
            {urn for (urn,) in ask("select urn from protected")},
            items,
            int((ask("select value from meta where name = 'outbox:cursor'").fetchone() or [0])[0]),
        )


_STRAY = (
    "select * from rule_match m where state = 'firing' and not exists (select 1 from event e where e.seq = m.event "
    "and e.type = 'rule.matched' and e.node = m.node and e.body ->> '$.rule' = m.rule)"
)
_MATCHES = "select rule, resource ->> '$.urn', state, runs, targets from rule_match"


def _pictures(connection: sqlite3.Connection) -> dict[str, Picture]:
    found: dict[str, dict[str, Known]] = {scope: {} for scope in SCOPES}
    query = (
        "select r.scope, r.name, r.document, r.tags, r.created_at, n.unseen, n.never "
        "from resource r join node n on n.key = r.key"
    )
    for scope, name, document, tags, created, unseen, never in connection.execute(query):
        body = orjson.loads(document)
        tagged = tuple(sorted(orjson.loads(tags).items()))
        thing = Thing(int(created[8:10]) - 1, body.pop("size"), body.pop("policy", ""), tagged)
        assert not body, "what the machine does not know of"
        found[scope][name[-1]] = Known(thing, not unseen, bool(never))
    states = dict(connection.execute("select scope, state from coverage").fetchall())
    return {scope: Picture(states.get(scope, "never"), things) for scope, things in found.items()}


def leaks(path: Path) -> set[bytes]:
    """Secrets that stand in the files, wherever."""
    files = [Path(f"{path}{end}") for end in ("", "-wal")]
    texts = [file.read_bytes() for file in files if file.exists()]
    return {secret for secret in SECRETS for text in texts if secret in text}
