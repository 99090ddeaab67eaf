"""A rule's search, read and understood once for each text and vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import orjson

import syncd
from syncd.errors import QueryError
from syncd.rules.reach import Reach, own_part, reach
from syncd.search.compile import compiled
from syncd.search.context import Context, Picture
from syncd.search.parse import LONGEST, parse
from syncd.search.schema import Schema
from syncd.search.templates import expand
from syncd.search.tree import Query
from syncd.search.values import placeholders


@dataclass(frozen=True, slots=True)
class Prepared:
    """`query` as it was typed: the fastest way to ask of everything. `own`: those conditions that a node alone decides,
    None where there are none.
    """

    query: Query
    reach: Reach
    own: Query | None


class Texts:
    """Keeps what was understood of each rule, for one text and one vocabulary."""

    def __init__(self) -> None:
        self._names = self._moving = ""
        self._known: dict[str, tuple[str, Prepared]] = {}

    def begin(self, schema: Schema) -> None:
        """From now on `schema` is what searches may name."""
        before = (self._names, self._moving)
        self._names, self._moving = _names(schema), ",".join(sorted(schema.moving))
        if (self._names, self._moving) != before:
            self._known = {}

    def prepared(self, rule: str, text: str, schema: Schema, now: datetime) -> Prepared:
        """Raises QueryError. `text` as `written` gives it."""
        known = self._known.get(rule)
        if known is None or known[0] != text:
            known = self._known[rule] = (text, understood(text, schema, now))
        return known[1]

    def fingerprint(self, said: str, text: str) -> str:
        """Two parts: what the rule says, and what that means now: times put in, kinds that are known.

        Not what is volatile: that says how to ask, and changes no answer.
        """
        return f"{_digest(said)}:{_digest(text, self._names, syncd.__version__)}"


def written(text: str, templates: Mapping[str, str], now: datetime) -> tuple[str, str]:
    """The search with its templates, and also with the times put in. Raises QueryError."""
    said = expand(text, templates, LONGEST)
    return said, placeholders(said, now)


def understood(text: str, schema: Schema, now: datetime) -> Prepared:
    query = parse(text, now=now)
    checked(query, text, schema, now)
    found = reach(query, schema)
    return Prepared(query, found, own_part(found.queries[0], schema) if found.single else None)


def checked(query: Query, text: str, schema: Schema, now: datetime) -> None:
    """Raises QueryError for what the vocabulary does not know, and for searches that find no resources."""
    if query.aggregate is not None:
        raise QueryError("a rule is about resources, an aggregate has none", text, 0)
    if query.parts[-1].merges:
        raise QueryError("a rule finds resources, and puts nothing into them", text, 0, hint="leave out {…}")
    compiled(Context(query.text, schema, Picture(), now), query, 1)


def _names(schema: Schema) -> str:
    """A digest of all that a search may name."""
    kinds = sorted((name, sorted(numbers)) for name, numbers in schema.kinds.items())
    return _digest(orjson.dumps([kinds, sorted(schema.types.items())]).decode())


def _digest(*texts: str) -> str:
    return blake2b("\0".join(texts).encode(), digest_size=12).hexdigest()
