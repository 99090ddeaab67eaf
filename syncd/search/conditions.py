"""From a filter to a condition in SQL. A condition is never null."""

from typing import assert_never

from syncd.errors import QueryError
from syncd.search import functions, sources
from syncd.search.ancestors import of_kind
from syncd.search.compare import compared, contained
from syncd.search.context import Context
from syncd.search.properties import Root, arrays, element_root, has_member, node_root, single, texts_of
from syncd.search.steps import checked, neighbours, walked
from syncd.search.tree import (
    EACH,
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Id,
    Is,
    Not,
    Or,
    Path,
    Walk,
    With,
    Words,
)

ONE_STEP = (1, 1)
BROAD = 16


def condition(context: Context, wanted: Filter, root: Root) -> str:
    """The condition that what stands at `root` fulfils a filter."""
    match wanted:
        case All():
            return "true"
        case Not(part):
            return f"not {condition(context, part, root)}"
        case And(parts) | Or(parts):
            word = " and " if isinstance(wanted, And) else " or "
            return _joined([condition(context, part, root) for part in parts], word)
        case Compare() | Call() | Element():
            return _of_property(context, wanted, root)
        case Is() | Id() | Words():
            return _of_node(context, wanted, root)
        case _:
            assert_never(wanted)


def _joined(conditions: list[str], word: str) -> str:
    """As a tree that grows broad: SQLite takes a thousand levels, and reads a long row as that many."""
    if len(conditions) <= BROAD:
        return f"({word.join(conditions)})"
    half = len(conditions) // 2
    return f"({_joined(conditions[:half], word)}{word}{_joined(conditions[half:], word)})"


def having(context: Context, wanted: With, node: str) -> str:
    """The condition that a walk from a node finds as many nodes as it should."""
    found = _found(context, wanted, f"{node}.key")
    if (wanted.op, wanted.count) == (">", 0):
        return f"exists ({found})"
    if (wanted.op, wanted.count) == ("=", 0):
        return f"not exists ({found})"
    return f"((select count(*) from ({found})) {wanted.op} {context.bind(wanted.count)})"


def matching(context: Context, node: str, wanted: Filter, then: With | None) -> str:
    """The condition on a node of a part: its filter, and what its walks must find."""
    found = condition(context, wanted, node_root(context, node))
    return f"{found} and {having(context, then, node)}" if then else found


def _found(context: Context, wanted: With, key: str) -> str:
    """A select of the nodes that a walk from one node finds."""
    walk: Walk = checked(context, wanted.walk)
    one_step = (walk.first, walk.last) == ONE_STEP
    reached = neighbours(context, key, walk) if one_step else walked(context, f"select {key} as key", walk)
    if wanted.filter == All() and wanted.then is None:
        return f"select node from ({reached})"
    other = context.alias("n")
    fulfils = matching(context, other, wanted.filter, wanted.then)
    return " union all ".join(
        f"select {other}.key from ({reached}) r cross join {table} where {ok} and {fulfils}"
        for table, ok in sources.nodes(context, other, key="r.node")
    )


# -- of a node


def _of_node(context: Context, wanted: Is | Id | Words, root: Root) -> str:
    node = root.node
    if not node:
        raise QueryError("only properties can be asked for within an element", context.text, wanted.at)
    match wanted:
        case Is(kinds):
            for kind in kinds:
                if kind not in context.schema.kinds:
                    hint = context.schema.nearest_kind(kind)
                    raise QueryError(f"there is no kind {kind}", context.text, wanted.at, hint=hint)
            return f"({' or '.join(of_kind(context, node, kind) for kind in kinds)})"
        case Id(ids):
            return f"({node}.id in ({', '.join(map(context.bind, ids))}))"
        case Words(text):
            asked = (
                f"has_words({context.bind(text)}, {node}.name, {node}.id, {node}.urn, d_{node}.tags, d_{node}.common)"
            )
            if wanted is not context.told:
                context.documents.add(node)
                return asked
            looked = f"(select {asked} from document d_{node} where d_{node}.node = {node}.key)"
            return f"({node}.key not in (select node from stale) or {looked})"


# -- of properties


def _of_property(context: Context, wanted: Compare | Call | Element, root: Root) -> str:
    match wanted:
        case Compare():
            return _compare(context, wanted, root)
        case Call():
            return _call(context, wanted, root)
        case Element(path, inner):
            return _element(context, path, inner, root)


def _compare(context: Context, wanted: Compare, root: Root) -> str:
    if not wanted.quantifier and EACH not in wanted.path.steps:
        return compared(context, single(context, root, wanted.path), wanted)
    found = arrays(context, root, wanted.path)
    met = compared(context, found.each, wanted)
    if wanted.quantifier == "all":
        return f"({found.is_array} and not exists (select 1 from {found.tables} where not {met}))"
    some = f"exists (select 1 from {found.tables} where {met})"
    if wanted.quantifier == "none":
        return f"not {some}"
    first = contained(context, texts_of(context, root, wanted.path), wanted)
    return f"({first} and {some})" if first else some


def _element(context: Context, path: Path, inner: Filter, root: Root) -> str:
    found = arrays(context, root, path)
    if path.steps[-1] is EACH or EACH not in path.steps:
        alias = found.tables.rpartition(" ")[2]
        within = element_root(alias)
        return f"exists (select 1 from {found.tables} where {condition(context, inner, within)})"
    raise QueryError(f"{path} is not the element of an array", context.text, path.at, expected=(f"{path}[*].{{…}}",))


def _call(context: Context, wanted: Call, root: Root) -> str:
    if wanted.name == "in_subnet":
        return _in_subnet(context, wanted, root)
    place = single(context, root, wanted.path)
    parts = []
    for key in (value.data for value in wanted.values):
        if not isinstance(key, str):
            raise QueryError("a key is a text", context.text, wanted.at)
        parts.append(has_member(context, place, key, wanted.path))
    return f"({' and '.join(parts)})"


def _in_subnet(context: Context, wanted: Call, root: Root) -> str:
    if len(wanted.values) != 1 or functions.subnet(str(wanted.values[0].data)) is None:
        raise QueryError(
            "in_subnet wants one network", context.text, wanted.at, expected=('in_subnet(path, "10.0.0.0/8")',)
        )
    network = context.bind(str(wanted.values[0].data))
    if EACH not in wanted.path.steps:
        return f"in_subnet({single(context, root, wanted.path).value}, {network})"
    found = arrays(context, root, wanted.path)
    return f"exists (select 1 from {found.tables} where in_subnet({found.each.value}, {network}))"
