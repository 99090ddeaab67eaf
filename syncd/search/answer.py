"""Asks the graph: text in, resources or rows of an aggregate out, with what the answer may lack."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from syncd.errors import QueryError
from syncd.search import functions, past, sources
from syncd.search.aggregates import told
from syncd.search.candidates import Choice, chosen
from syncd.search.compile import Statement, compiled
from syncd.search.context import Context, Picture
from syncd.search.guard import guarded
from syncd.search.incomplete import asked_kinds, incomplete
from syncd.search.parse import parse
from syncd.search.properties import arrays, node_root, single
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import EACH, Merge, Path, Query
from syncd.search.values import age_text

Row = dict[str, Any]

CHUNK = 500
TOO_LARGE = ("too large", "too many", "stack overflow", "too big", "too long", "at most 64 tables")
"""What SQLite says of a statement beyond its limits."""
FETCHING = 30.0
"""Seconds for the rows of an answer, whose number has a limit of its own."""
BASE = (
    "id", "name", "kind", "urn", "cloud", "account", "region", "zone", "created_at", "updated_at", "first_seen",
    "changed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `commit`: the graph as it was then, None for now. `columns`: paths; () gives whole resources.

    `limit`: rows at most. `seconds`: of work at most.
    """

    text: str
    commit: int | None = None
    columns: tuple[Path, ...] = ()
    complete_only: bool = False
    limit: int = 10_000
    seconds: float = 0.5
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`columns`: names of an aggregate's or the question's columns, () where rows are whole resources.

    `warnings`: lines for people. `incomplete`: scopes that the question touches and that are not complete.
    `more`: the limit of rows left some out.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    warnings: tuple[str, ...]
    incomplete: list[Row]
    more: bool


class Asking:
    """One question on one connection, which must be a read-only one that nobody else uses meanwhile."""

    def __init__(self, connection: sqlite3.Connection, question: Question, now: datetime) -> None:
        self.connection = connection
        self.question = question
        self.now = now
        self.query: Query = parse(question.text, question.templates, now=now)
        self.schema: Schema = load_schema(connection)
        self.choice = Choice()
        functions.install(connection)

    def answer(self) -> Answer:
        """Raises QueryError, and LimitReached when it takes too long. All of it is of one moment."""
        question = self.question
        with past.one_moment(self.connection):
            statement = self._statement(self.query, question.limit + 1)
            longer = 0.0 if question.commit is None else past.load(self.connection, question.commit)
            with guarded(self.connection, question.seconds + longer):
                found = self._found(statement)
            with guarded(self.connection, FETCHING):
                rows = self._rows(statement, found[: question.limit])
                missing = self._incomplete()
        more = len(found) > question.limit
        return Answer(self._columns(statement), rows, self.query.warnings, missing, more)

    def _found(self, statement: Statement) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(statement.sql, statement.values).fetchall()
        except sqlite3.OperationalError as error:
            if any(word in str(error) for word in TOO_LARGE):
                raise QueryError(f"this search is too large to be asked at once: {error}") from None
            raise

    def resource(self, key: int) -> Row | None:
        """One whole resource, None where the picture has none of this key; the question's text does not matter."""
        with past.one_moment(self.connection):
            if self.question.commit is not None:
                past.load(self.connection, self.question.commit)
            with guarded(self.connection, FETCHING):
                try:
                    return next(self._resources([key]))
                except KeyError:
                    return None

    def explain(self) -> tuple[Statement, list[str]]:
        """The statement, and SQLite's plan for it, a line each."""
        statement = self._statement(self.query, self.question.limit)
        plan = self.connection.execute(f"explain query plan {statement.sql}", statement.values).fetchall()
        depth = {0: 0}
        lines = []
        for number, parent, _, text in plan:
            depth[number] = depth.get(parent, 0) + 1
            lines.append("  " * (depth[number] - 1) + text)
        return statement, lines

    def _context(self) -> Context:
        picture = Picture(self.question.commit, self.question.complete_only)
        return Context(self.query.text, self.schema, picture, self.now)

    def _statement(self, query: Query, limit: int, origin: str = "") -> Statement:
        context = self._context()
        first = query.parts[0]
        if first.walk is None:
            self.choice = chosen(self.connection, context, first.filter)
            origin = self.choice.select
        return compiled(context, query, limit, origin)

    def _columns(self, statement: Statement) -> tuple[str, ...]:
        return statement.columns or tuple(map(str, self.question.columns))

    def _incomplete(self) -> list[Row]:
        kinds = asked_kinds(self.query, self.schema)
        listed = None if kinds is None else orjson.dumps(sorted(kinds)).decode()
        return incomplete(self.connection, listed, self.question.commit)

    # -- rows

    def _rows(self, statement: Statement, found: Sequence[tuple[Any, ...]]) -> list[Row]:
        if statement.columns:
            return [dict(zip(statement.columns, told(row), strict=True)) for row in found]
        keys = [key for (key,) in found]
        rows = list(self._resources(keys) if not self.question.columns else self._chosen(keys))
        merges = self.query.parts[-1].merges
        for merge in merges:
            for key, row in zip(keys, rows, strict=True):
                row[merge.name] = self._merged(merge, key)
        return rows

    def _merged(self, merge: Merge, key: int) -> Any:
        limit = self.question.limit if merge.many else 1
        statement = self._statement(merge.query, limit, f"select {int(key)} as key")
        found = self.connection.execute(statement.sql, statement.values).fetchall()
        if statement.columns:
            rows = [dict(zip(statement.columns, told(row), strict=True)) for row in found]
        else:
            rows = list(self._resources([key for (key,) in found]))
        return rows if merge.many else rows[0] if rows else None

    def _resources(self, keys: Sequence[int]) -> Iterator[Row]:
        """Whole resources: base properties, tags, coverage, then common properties and the document."""
        context = self._context()
        context.documents.add("n")
        root = node_root(context, "n")
        values = [single(context, root, Path((name,))).value for name in BASE]
        covered = [single(context, root, Path(("coverage", name))).value for name in ("state", "since", "read_at")]
        moving = "null" if context.picture.past else "(select body from volatile where node = n.key)"
        columns = ["n.key", *values, *covered, "d_n.tags", "d_n.common", "d_n.body", moving]
        for row in self._by_key(context, keys, columns):
            base, rest = row[1 : len(BASE) + 1], row[len(BASE) + 1 :]
            state, since, read_at, tags, common, body, volatile = rest
            found: Row = dict(zip(BASE, base, strict=True))
            found["tags"] = orjson.loads(tags)
            found["coverage"] = {"state": state, "since": since, "read_at": read_at}
            for text in (each for each in (common, body, volatile) if each):
                for name, value in orjson.loads(text).items():
                    found.setdefault(name, value)
            yield found

    def _chosen(self, keys: Sequence[int]) -> Iterator[Row]:
        """The columns of the question, in SQL, so that they mean what they mean in a filter."""
        context = self._context()
        places = [self._column(context, path) for path in self.question.columns]
        columns = ["n.key", *(sql for pair in places for sql in pair[:2])]
        for row in self._by_key(context, keys, columns):
            pairs = zip(row[1::2], row[2::2], strict=True)
            yield {
                str(path): self._value(value, kind, place[2])
                for path, (value, kind), place in zip(self.question.columns, pairs, places, strict=True)
            }

    def _column(self, context: Context, path: Path) -> tuple[str, str, str]:
        root = node_root(context, "n")
        if EACH not in path.steps:
            place = single(context, root, path)
            return place.value, place.type or "null", place.sort
        found = arrays(context, root, path)
        value, kind = found.each.value, found.each.type
        element = f"case when {kind} in ('object', 'array') then json({value}) else {value} end"
        return f"(select json_group_array({element}) from {found.tables})", "'array'", ""

    def _value(self, value: Any, kind: str | None, sort: str) -> Any:
        if value is None:
            return None
        if sort == "age":
            return age_text(value, self.now)
        if kind in ("object", "array"):
            return orjson.loads(value)
        return bool(value) if kind in ("true", "false") else value

    def _by_key(self, context: Context, keys: Sequence[int], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of the nodes with these keys, in the order of the keys."""
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            listed = f"(select value as key from json_each({context.bind(orjson.dumps(list(chunk)).decode())})) w"
            select = " union all ".join(
                f"select {', '.join(columns)} from {listed} cross join {table} where {ok}"
                for table, ok in sources.nodes(context, "n", key="w.key")
            )
            found = {row[0]: row for row in self.connection.execute(select, context.values)}
            yield from (found[key] for key in chunk)


def columns_of(text: str) -> tuple[Path, ...]:
    """Paths of a comma-separated list."""
    from syncd.search.parse import parse_path

    found = tuple(parse_path(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise QueryError("no columns are named", text, 0)
    return found
