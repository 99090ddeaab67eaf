"""From a path to SQL: where a value stands, on a node or within the element of an array."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from syncd.errors import QueryError
from syncd.search import sources
from syncd.search.ancestors import ancestor
from syncd.search.context import Context
from syncd.search.tree import EACH, Path

Step = str | int | None
COLUMNS = ("id", "name", "urn", "account", "region", "zone", "first_seen", "changed_at")
MAYBE = ("account", "region", "zone", "created_at", "updated_at")
"""Columns in which an empty text means that there is none."""
TIMES = frozenset({"created_at", "updated_at", "ctime", "mtime", "first_seen", "changed_at"})
AGES = {"age": "ctime", "last_update": "mtime"}
COVERAGE = ("state", "since", "read_at", "reason", "age", "scope")
ESCAPED = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
"""What JSON does not write as it is: versions of SQLite read it in paths each in its own way."""
EXTRACT = "json_extract({}, {})"
TYPE = "nullif(json_type({}, {}), 'null')"
"""A null in a document is nothing, so that the next of the places where a value can stand is looked at."""


class Place(NamedTuple):
    """A value in SQL. `type`: an expression for its JSON type, "" for a column that holds text or nothing.

    `sort`: "time" for a base time, "age" for the time since the moment that `value` gives, else "". `texts`: the JSON
    in which the value stands at `steps`, as far as that is known.
    """

    value: str
    type: str = ""
    sort: str = ""
    texts: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


class Arrays(NamedTuple):
    """What `[*]` ranges over: the FROM of a select, whether the first `[*]` stands on an array, and what each gives."""

    each_of: tuple[str, ...]
    is_array: str
    each: Place

    @property
    def tables(self) -> str:
        return ", ".join(self.each_of)


@dataclass(frozen=True, slots=True)
class Root:
    """Where paths begin. `value` and `type` give SQL for a bound JSON path with this first step."""

    value: Callable[[str, Step], str]
    type: Callable[[str, Step], str]
    node: str = ""
    """The alias of a node; "" within an element."""


def node_root(context: Context, node: str) -> Root:
    def among(function: str, first: str, second: str) -> Callable[[str, Step], str]:
        def sql(path: str, head: Step) -> str:
            context.documents.add(node)
            table = node if node in context.briefs else f"d_{node}"
            found = [function.format(f"{table}.{column}", path) for column in (first, second)]
            if head in context.schema.moving and not context.picture.past:
                found.append(f"(select {function.format('body', path)} from volatile where node = {node}.key)")
            return f"coalesce({', '.join(found)})"

        return sql

    return Root(among(EXTRACT, "common", "body"), among(TYPE, "common", "body"), node)


def element_root(element: str) -> Root:
    """An element of json_each, whose scalars are no JSON."""

    def inside(function: str) -> Callable[[str, Step], str]:
        return lambda path, _: (
            f"case when {element}.type in ('object', 'array') then {function.format(f'{element}.value', path)} end"
        )

    return Root(inside(EXTRACT), inside(TYPE))


def single(context: Context, root: Root, path: Path) -> Place:
    """The one value that a path without `[*]` means."""
    if EACH in path.steps:
        raise QueryError(f"{path} means many values here", context.text, path.at, hint="name one element: [0]")
    if root.node:
        known = _base(context, root.node, path) or _of_others(context, root.node, path)
        if known is not None:
            return known
    return _json(context, root, path.steps, path)._replace(texts=texts_of(context, root, path), steps=path.steps)


def texts_of(context: Context, root: Root, path: Path) -> tuple[str, ...]:
    """The JSON in which a property of a document stands, () where it may stand elsewhere."""
    moves = path.steps[0] in context.schema.moving and not context.picture.past
    return () if moves or not root.node else (f"d_{root.node}.body", f"d_{root.node}.common")


def arrays(context: Context, root: Root, path: Path) -> Arrays:
    """What the elements of a path with `[*]` give; one is put at its end where there is none."""
    steps = path.steps if EACH in path.steps else (*path.steps, EACH)
    if root.node and is_ours(context, steps):
        raise QueryError(f"{path} is no array", context.text, path.at)
    tables, first = [], ""
    while EACH in steps:
        cut = steps.index(EACH)
        json_path = context.bind(_json_path(context, steps[:cut], path))
        is_array = f"{root.type(json_path, steps[0])} = 'array'"
        element = context.alias("j")
        tables.append(f"json_each(case when {is_array} then {root.value(json_path, steps[0])} else '[]' end) {element}")
        first = first or f"ifnull({is_array}, false)"
        root, steps = element_root(element), steps[cut + 1 :]
    place = _json(context, root, steps, path) if steps else Place(f"{element}.value", f"{element}.type")
    return Arrays(tuple(tables), first, place)


def _json(context: Context, root: Root, steps: tuple[Step, ...], path: Path) -> Place:
    json_path = context.bind(_json_path(context, steps, path))
    return Place(root.value(json_path, steps[0]), root.type(json_path, steps[0]))


def values_of(context: Context, root: Root, path: Path) -> tuple[tuple[str, ...], str]:
    """The tables to join, none without `[*]`, and the expression for what stands there."""
    if EACH not in path.steps:
        return (), _json(context, root, path.steps, path).value
    found = arrays(context, root, path)
    return found.each_of, found.each.value


def has_member(context: Context, place: Place, name: str, path: Path) -> str:
    """The condition that an object stands there which has this key, whatever its value."""
    if not place.type:
        return "false"
    whole = f"case when {place.type} = 'object' then {place.value} else '{{}}' end"
    return f"(json_type({whole}, {context.bind(_json_path(context, (name,), path))}) is not null)"


def written(place: Place) -> str:
    """The value as people write it: `true`, not 1."""
    return (
        f"case when {place.type} in ('true', 'false') then {place.type} else {place.value} end"
        if place.type
        else place.value
    )


def _json_path(context: Context, steps: tuple[Step, ...], path: Path) -> str:
    parts = []
    for step in steps:
        if isinstance(step, str) and ESCAPED.search(step):
            raise QueryError(
                "a name in a path cannot hold a double quote, a backslash or a control character",
                context.text,
                path.at,
            )
        parts.append(f'."{step}"' if isinstance(step, str) else f"[{step}]")
    return "$" + "".join(parts)


def is_ours(context: Context, steps: tuple[Step, ...]) -> bool:
    head = steps[0]
    return head in {*COLUMNS, *MAYBE, *TIMES, *AGES, "kind", "cloud", "tags", "coverage", "ancestors"} or (
        isinstance(head, str) and _is_kind(context, head)
    )


# -- what every node has


def _base(context: Context, node: str, path: Path) -> Place | None:
    head, rest = path.steps[0], path.steps[1:]
    if head == "tags":
        return _tags(context, node, rest, path)
    if head == "coverage":
        return _coverage(context, node, rest, path)
    if rest or not isinstance(head, str):
        return None
    if head in AGES:
        return Place(_column(context, node, AGES[head]), sort="age")
    column = _column(context, node, head)
    return Place(column, sort="time" if head in TIMES else "") if column else None


def _column(context: Context, node: str, name: str) -> str:
    """The expression of a base property, "" where there is none of this name."""
    scope = "scope_ever" if context.picture.past else "scope"
    calculated = {
        "kind": f"(select name from kind where id = {node}.kind)",
        "cloud": f"(select collector from {scope} where id = {node}.scope)",
        "ctime": f"ifnull(nullif({node}.created_at, ''), {node}.first_seen)",
        "mtime": f"ifnull(nullif({node}.updated_at, ''), {node}.changed_at)",
        **{each: f"nullif({node}.{each}, '')" for each in MAYBE},
    }
    return calculated.get(name) or (f"{node}.{name}" if name in COLUMNS else "")


def _tags(context: Context, node: str, rest: tuple[Step, ...], path: Path) -> Place:
    context.documents.add(node)
    if not rest:
        return Place(f"d_{node}.tags", "'object'")
    json_path = context.bind(_json_path(context, (str(Path(rest)),), path))
    return Place(f"json_extract(d_{node}.tags, {json_path})", f"json_type(d_{node}.tags, {json_path})")


def _coverage(context: Context, node: str, rest: tuple[Step, ...], path: Path) -> Place:
    if len(rest) != 1 or rest[0] not in COVERAGE:
        raise QueryError(
            f"there is no {path}", context.text, path.at, expected=tuple(f"coverage.{name}" for name in COVERAGE)
        )
    name = rest[0]
    if name == "state":
        return Place(sources.state(context, node))
    if name == "scope":
        key = "collector || '/' || account || '/' || region || '/' || name"
        return Place(f"(select {key} from {'scope_ever' if context.picture.past else 'scope'} where id = {node}.scope)")
    column = "read_at" if name == "age" else name
    value = f"(select nullif({column}, '') from scope where id = {node}.scope)"
    if context.picture.past:
        value = _past_coverage(context, node, str(column))
    return Place(value, sort={"age": "age", "since": "time", "read_at": "time"}.get(str(name), ""))


def _past_coverage(context: Context, node: str, column: str) -> str:
    """What the history knows of a scope's state: not when it was read."""
    if column == "read_at":
        return "null"
    at = context.commit
    then = f"from scope_history where scope = {node}.scope and from_commit <= {at} and to_commit > {at}"
    now = f"select {column} from scope where id = {node}.scope and not exists (select 1 {then})"
    return f"nullif(coalesce((select {column} {then}), ({now})), '')"


# -- what related nodes have


def _of_others(context: Context, node: str, path: Path) -> Place | None:
    head, rest = path.steps[0], path.steps[1:]
    if head == "ancestors":
        head, rest = _named_kind(context, path), rest[1:]
    elif not rest or not isinstance(head, str) or not _is_kind(context, head):
        return None
    if head == "cloud":
        if rest not in (("name",), ("id",)):
            raise QueryError(f"there is no {path}", context.text, path.at, expected=("cloud.name", "cloud.id"))
        return Place(_column(context, node, "cloud"))
    return _on(context, ancestor(context, node, str(head)), Path(rest, path.at))


def _is_kind(context: Context, name: str) -> bool:
    """Base kinds, such as `role` or `backup_plan`, are members of documents as well: those want `ancestors.`."""
    return name in ("account", "region", "cloud") or ("_" in name and context.schema.is_concrete(name))


def _named_kind(context: Context, path: Path) -> str:
    rest = path.steps[1:]
    if len(rest) < 2 or not isinstance(rest[0], str):
        raise QueryError(f"{path} names no property", context.text, path.at, expected=("ancestors.KIND.PROPERTY",))
    if rest[0] not in context.schema.kinds:
        hint = context.schema.nearest_kind(rest[0])
        raise QueryError(f"there is no kind {rest[0]}", context.text, path.at, hint=hint)
    return rest[0]


def _on(context: Context, key: str, path: Path) -> Place:
    """A property of the node with this key."""
    other = context.alias("n")
    place = single(context, node_root(context, other), path)
    tables = list(sources.nodes(context, other))
    if len(tables) == 1:
        [(table, ok)] = tables

        def read(wanted: str) -> str:
            return f"(select {wanted} from {table} where {other}.key = {key} and {ok})"
    else:
        once = context.alias("a")  # it takes many steps to find, and would be looked for in each table anew

        def read(wanted: str) -> str:
            found = (f"(select {wanted} from {table} where {other}.key = {once}.key and {ok})" for table, ok in tables)
            return f"(select coalesce({', '.join(found)}) from (select {key} as key) {once})"

    return Place(read(place.value), read(place.type) if place.type else "", place.sort)
