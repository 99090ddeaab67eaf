"""Why a search may have found nothing: a property that none of the resources has, and the one that is meant."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import orjson

from syncd.search.answer import Asking
from syncd.search.incomplete import asked_kinds
from syncd.search.properties import AGES, COLUMNS, MAYBE, TIMES
from syncd.search.tree import EACH, And, Call, Compare, Element, Filter, Function, Not, Or, Path, Query, With

LOOKED_AT = 500
MOST = 3
OURS = frozenset({*COLUMNS, *MAYBE, *TIMES, *AGES, "kind", "cloud", "coverage", "ancestors"})
SAMPLE = (
    "select d.tags, d.common, d.body, v.body from node n cross join document d on d.node = n.key "
    "left join volatile v on v.node = n.key where n.kind = ? limit ?"
)
Step = str | int | None


def hints(asked: Asking) -> list[str]:
    """A line for each property of the query that no resource of the kinds asked has. Looks at the present."""
    paths = [path for path in dict.fromkeys(paths_of(asked.query)) if not _is_ours(asked, path)]
    if not paths:
        return []
    documents, whole = _sample(asked)
    told = "no resource here has" if whole else f"none of the {len(documents)} resources looked at has"
    found = []
    for path in paths if documents else ():
        missing = _missing(path.steps, documents)
        if missing is not None:
            near = f"; did you mean {missing}?" if missing else ""
            found.append(f"{told} {path}{near}")
    return found[:MOST]


def _is_ours(asked: Asking, path: Path) -> bool:
    head = path.steps[0]
    if head in OURS or not isinstance(head, str):
        return True
    return len(path.steps) > 1 and head in asked.schema.kinds and ("_" in head or head == "account")


def _sample(asked: Asking) -> tuple[list[Any], bool]:
    """Documents of the kinds asked about, some of each kind; and whether these are all."""
    names = asked_kinds(asked.query, asked.schema)
    held = {kind for (kind,) in asked.connection.execute("select distinct kind from node")}
    numbers = [number for number in sorted(held) if names is None or asked.schema.names.get(number) in names]
    each = max(1, LOOKED_AT // max(1, len(numbers)))
    documents, whole = [], True
    for number in numbers[:LOOKED_AT]:
        rows = asked.connection.execute(SAMPLE, (number, each + 1)).fetchall()
        whole = whole and len(rows) <= each
        documents += [_document(*row) for row in rows[:each]]
    return documents, whole and len(numbers) <= LOOKED_AT


def _document(tags: str, common: str, body: str, volatile: str | None) -> Any:
    return {**orjson.loads(volatile or "{}"), **orjson.loads(body), **orjson.loads(common), "tags": orjson.loads(tags)}


def _missing(steps: Sequence[Step], documents: Sequence[Any]) -> str | None:
    """None where a document has such a path; else what is meant, "" where nothing is near."""
    if steps[0] == "tags" and len(steps) > 1:
        steps = ("tags", ".".join(map(str, steps[1:])))
    level: list[Any] = list(documents)
    for position, step in enumerate(steps):
        below = [value for each in level for value in _step(each, step)]
        if not below:
            return _nearest(steps, position, level) if isinstance(step, str) else ""
        level = below
    return None


def _step(value: Any, step: Step) -> Iterable[Any]:
    if isinstance(value, list):
        return value if step is EACH else value[step : step + 1] if isinstance(step, int) else ()
    if isinstance(value, dict) and step in value and value[step] is not None:
        return (value[step],)
    return ()


def _nearest(steps: Sequence[Step], position: int, level: Sequence[Any]) -> str:
    keys = {key for each in level if isinstance(each, dict) for key in each}
    close = get_close_matches(str(steps[position]), sorted(keys), n=1)
    return str(Path((*steps[:position], close[0], *steps[position + 1 :]))) if close else ""


# -- the properties that a query names


def paths_of(query: Query) -> Iterator[Path]:
    for part in query.parts:
        yield from _of_filter(part.filter)
        yield from _of_with(part.having)
        yield from (key.path for key in part.sort)
    if query.aggregate is not None:
        yield from (piece for group in query.aggregate.groups for piece in group.parts if isinstance(piece, Path))
        yield from (of for of in map(_operand, query.aggregate.functions) if of is not None)


def _operand(function: Function) -> Path | None:
    return function.of if isinstance(function.of, Path) else None


def _of_with(having: With | None) -> Iterator[Path]:
    while having is not None:
        yield from _of_filter(having.filter)
        having = having.then


def _of_filter(wanted: Filter) -> Iterator[Path]:
    match wanted:
        case Compare() | Call():
            yield wanted.path
        case Not(part):
            yield from _of_filter(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _of_filter(part)
        case Element(path, inner):
            steps = path.steps if path.steps[-1] is EACH else (*path.steps, EACH)
            yield from (Path((*steps, *within.steps)) for within in _of_filter(inner))
