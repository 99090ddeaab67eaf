"""Questions about the picture over the control socket: searches, one resource, kinds, what changed, what differs."""

import sqlite3
import time
from collections.abc import Callable, Set
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from syncd.control import answers
from syncd.control.answers import Problem, bad, not_found
from syncd.control.asking import Asking, encoded
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.control.reading import number, switch
from syncd.errors import ConfigError, LimitReached, QueryError, StoreError
from syncd.search import answer as search
from syncd.search.answer import Question, columns_of
from syncd.search.guard import guarded
from syncd.search.indexed import Steps
from syncd.search.past import one_moment
from syncd.search.tree import Path
from syncd.store import anatomy, census, comparison, matching, picture
from syncd.store.history import ALWAYS, CHANGES, Wanted, history
from syncd.store.keys import node_key
from syncd.store.queries import Row
from syncd.sync.scope_run import iso

T = TypeVar("T")

LAST = 2**62
MOST_CHANGES = 10_000
MOST_COMPARED = 50_000
COMPARING = 20.0
"""Seconds of one statement about the past."""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/search. `at`: a time, an age or a run; `limit`, `timeout`: less than it may."""

    query: str
    at: str = ""
    columns: list[str] = []
    complete_only: bool = False
    limit: Annotated[int, Meta(ge=1)] | None = None
    timeout: Annotated[float, Meta(gt=0)] | None = None


@dataclass(slots=True)
class Told:
    """What a search looked up in documents, and how long it took: also of one that did not come to its end."""

    places: tuple[Steps, ...] = ()
    seconds: float = 0.0

    def of(self, asking: search.Asking) -> search.Answer:
        begun = time.monotonic()
        try:
            return asking.answer()
        finally:
            self.places, self.seconds = asking.choice.documents, time.monotonic() - begun


class Searching:
    """Handlers that change nothing and may take long: each works in a thread with a connection of its own."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.asking = Asking(core)

    async def work(self, what: Callable[[sqlite3.Connection], T]) -> T:
        """What `what` finds, all of one moment."""

        def work(connection: sqlite3.Connection) -> T:
            with one_moment(connection):
                return what(connection)

        try:
            return await self.asking.work(work)
        except QueryError as error:
            about = {"at": error.at, "query": error.text, "expected": error.expected, "hint": error.hint}
            raise Problem(400, "bad_search", str(error), about=about) from None
        except LimitReached as error:
            raise Problem(422, "too_long", str(error)) from None

    # -- searches

    async def search(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, await read(request, Asked))

    async def simple(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asked: dict[str, Any] = {name: query[name] for name in ("at", "limit", "timeout") if query.get(name)}
        asked |= {"query": query.get("q", ""), "complete_only": switch(request, "complete_only")}
        asked["columns"] = [query["columns"]] if query.get("columns") else []
        try:
            return await self._answer(request, msgspec.convert(asked, Asked, strict=False))
        except msgspec.ValidationError as error:
            raise bad(f"a parameter is not what was expected: {error}") from None

    async def _answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        now, question = datetime.now(UTC), self._question(asked)
        told = Told()

        def work(connection: sqlite3.Connection) -> list[bytes]:
            at = _commit(connection, asked.at, now, lambda: matching.kinds_of(connection, question, now))
            found = told.of(search.Asking(connection, replace(question, commit=at), now))
            first = {"columns": found.columns, "warnings": found.warnings, "incomplete": found.incomplete}
            return encoded({"type": "answer", **first, "more": found.more}, found.rows)

        try:
            return await self.asking.lines(request, await self.work(work))
        finally:
            if not asked.at:  # loading the past takes its own time
                self.core.observed.note(told.places, told.seconds, iso(now))

    def _question(self, asked: Asked) -> Question:
        """Raises Problem for columns that are none."""
        settings = self.core.setting.config.search
        columns: tuple[Path, ...] = ()
        try:
            columns = columns_of(",".join(asked.columns)) if asked.columns else ()
        except QueryError as error:
            raise bad(f"columns: {error}") from None
        return Question(
            asked.query,
            columns=columns,
            complete_only=asked.complete_only,
            limit=min(asked.limit or settings.max_rows, settings.max_rows),
            seconds=min(asked.timeout or settings.timeout_seconds, settings.timeout_seconds),
            templates=settings.templates,
        )

    async def resource(self, request: web.Request) -> web.Response:
        """By key or URN."""
        name, at, now = request.match_info["resource"], request.query.get("at", ""), datetime.now(UTC)
        key = int(name) if name.isascii() and name.isdecimal() and len(name) < 20 else node_key(name)

        def work(connection: sqlite3.Connection) -> Row | None:
            question = Question("all", commit=_commit(connection, at, now))
            return search.Asking(connection, question, now).resource(key)

        found = await self.work(work)
        if found is None:
            raise not_found(f"there is no resource {name[:200]}: a URN, or the key that the view resource tells")
        return answers.json({"resource": found})

    # -- kinds

    async def kinds(self, request: web.Request) -> web.Response:
        """Those of which there is something; or all, as a tree."""
        if switch(request, "tree"):
            return answers.json({"kinds": await self.work(lambda c: [asdict(branch) for branch in census.tree(c)])})
        return answers.json({"kinds": await self.work(census.kinds)})

    async def kind(self, request: web.Request) -> web.Response:
        name, collectors = request.match_info["kind"], self.core.collectors.values()

        def work(connection: sqlite3.Connection) -> Row:
            found = anatomy.anatomy(connection, name, collectors)
            return {**found, "document": anatomy.documents(connection, name, collectors)}

        try:
            return answers.json(await self.work(work))
        except ConfigError as error:
            raise not_found(str(error)) from None

    # -- the past

    async def history(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        after, since = _cut(request, "since")
        last, until = _cut(request, "until")
        changes = tuple(filter(None, query.get("change", "").split(","))) or CHANGES
        if not set(changes) <= set(CHANGES):
            raise bad(f"change: found {query['change'][:40]!r}, expected some of {','.join(CHANGES)}")
        wanted = Wanted(
            query.get("resource", ""), query.get("kind", ""), changes, after, last or LAST, since, until or ALWAYS
        )
        limit = number(request, "limit", 100, MOST_CHANGES)

        def work(connection: sqlite3.Connection) -> list[bytes]:
            with guarded(connection, COMPARING):
                return encoded({"type": "history"}, history(connection, wanted, limit))

        try:
            return await self.asking.lines(request, await self.work(work))
        except (ConfigError, StoreError) as error:
            raise not_found(str(error)) from None

    async def diff(self, request: web.Request) -> web.StreamResponse:
        query, now = request.query, datetime.now(UTC)
        if not query.get("from"):
            raise bad(f"from: expected {picture.WANTED}")
        times = (query["from"], query.get("to") or matching.NOW)
        question = self._question(Asked(query.get("q", "")))
        ordered = self._ordered()

        def work(connection: sqlite3.Connection) -> list[bytes]:
            kinds = matching.kinds_of(connection, question, now) if question.text else None
            first, last = sorted(_commits(connection, times, now, kinds))
            found = matching.either(connection, question, (first, last), now) if question.text else None
            with guarded(connection, COMPARING):
                try:
                    rows = comparison.compared(connection, first, last, ordered, found, MOST_COMPARED)
                except StoreError as error:
                    raise Problem(422, "too_long", str(error)) from None
            return encoded({"type": "diff", "from": first, "to": last}, rows)

        return await self.asking.lines(request, await self.work(work))

    def _ordered(self) -> comparison.Ordered:
        collectors = self.core.collectors.values()
        known: dict[str, Set[str]] = {}

        def ordered(kind: str) -> Set[str]:
            if not known:
                known.update({each.name: each.ordered for collector in collectors for each in collector.kinds()})
            return known.get(kind, frozenset())

        return ordered


def _commit(
    connection: sqlite3.Connection,
    at: str,
    now: datetime,
    kinds: Callable[[], frozenset[str] | None] = lambda: None,
) -> int | None:
    """None for now. Raises Problem for a time that cannot be asked for."""
    return _commits(connection, (at,), now, kinds())[0] if at else None


def _commits(
    connection: sqlite3.Connection, times: tuple[str, ...], now: datetime, kinds: frozenset[str] | None
) -> list[int]:
    try:
        return matching.commits(connection, times, now, kinds)
    except StoreError as error:
        raise bad(str(error)) from None


def _cut(request: web.Request, name: str) -> tuple[int, str]:
    """An event's number, or a time."""
    text = request.query.get(name, "")
    if not text or (text.isascii() and text.isdecimal()):
        return number(request, name, 0), ""
    try:
        return 0, picture.moment(text, datetime.now(UTC).isoformat(timespec="seconds"))
    except StoreError:
        raise bad(f"{name}: found {text[:40]!r}, expected an event's number, a time or an age such as 2d") from None
