"""A tree → a text that is read as the same tree: the parser's other half, for properties."""

import re

from syncd.search.tree import (
    EACH,
    Aggregate,
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Function,
    Group,
    Id,
    Is,
    Merge,
    Not,
    Or,
    Part,
    Path,
    Query,
    Value,
    Walk,
    With,
    Words,
)


def printed(query: Query) -> str:
    aggregate = f"{_aggregate(query.aggregate)} " if query.aggregate else ""
    return aggregate + " ".join(map(_part, query.parts))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def path(each: Path) -> str:
    text = ""
    for step in each.steps:
        if step is EACH:
            text += "[*]"
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if re.fullmatch(r"[^\W\d]\w*", step) else f".`{step}`"
    return text.removeprefix(".")


def value(each: Value) -> str:
    if isinstance(each.data, str):
        return each.data if each.bare else quoted(each.data)
    return {True: "true", False: "false", None: "null"}[each.data]


def filtered(each: Filter) -> str:
    """Every filter that is made of others stands in brackets inside of another."""
    match each:
        case And(parts):
            return " and ".join(map(_inner, parts))
        case Or(parts):
            return " or ".join(map(_inner, parts))
        case Not(part):
            return f"not {_inner(part)}"
        case Compare():
            return _compare(each)
        case Element(where, inner):
            return f"{path(where)}.{{{filtered(inner)}}}"
        case _:
            return _single(each)


def _single(each: Filter) -> str:
    match each:
        case Is(kinds):
            return f"is({', '.join(map(quoted, kinds))})"
        case Id(ids):
            return f"id({', '.join(map(quoted, ids))})"
        case Words(text):
            return quoted(text)
        case Call(name, where, values):
            return f"{name}({path(where)}, {', '.join(map(value, values))})"
    assert isinstance(each, All)
    return "all"


def _inner(each: Filter) -> str:
    return f"({filtered(each)})" if isinstance(each, And | Or | Not) else filtered(each)


def _compare(each: Compare) -> str:
    right = ", ".join(map(value, each.values))
    right = f"[{right}]" if each.op in {"in", "not in"} else right
    return " ".join(filter(None, (path(each.path), each.quantifier, each.op, right)))


def walk(each: Walk) -> str:
    steps = f"[{each.first}:{'' if each.last is None else each.last}]"
    if each.backward is None:
        return f"-{_types(each.forward)}{steps}->"
    if each.forward is None:
        return f"<-{_types(each.backward)}{steps}-"
    if each.forward == each.backward:
        return f"<-{_types(each.forward)}{steps}->"
    return f"<-{_types(each.backward) or 'default'}{steps}{_types(each.forward) or 'default'}->"


def _types(types: tuple[str, ...] | None) -> str:
    return ",".join(types or ())


def _part(part: Part) -> str:
    clauses = [
        walk(part.walk) if part.walk else "",
        filtered(part.filter),
        _with(part.having) if part.having else "",
        "{" + ", ".join(map(_merge, part.merges)) + "}" if part.merges else "",
        "sort " + ", ".join(f"{path(key.path)}{' desc' * key.descending}" for key in part.sort) if part.sort else "",
        f"limit {part.limit[0]}, {part.limit[1]}" if part.limit else "",
        "reversed" if part.turned else "",
    ]
    return " ".join(filter(None, clauses))


def _with(each: With) -> str:
    then = f" {_with(each.then)}" if each.then else ""
    return f"with(count {each.op} {each.count}, {walk(each.walk)} {filtered(each.filter)}{then})"


def _merge(each: Merge) -> str:
    return f"{each.name}{'[]' * each.many}: {' '.join(map(_part, each.query.parts))}"


def _aggregate(each: Aggregate) -> str:
    groups, functions = ", ".join(map(_group, each.groups)), ", ".join(map(_function, each.functions))
    return f"aggregate({groups}{': ' if groups else ''}{functions}):"


def _group(each: Group) -> str:
    if len(each.parts) == 1 and isinstance(each.parts[0], Path):
        return f"{path(each.parts[0])} as {each.name}"
    text = "".join(part if isinstance(part, str) else f"{{{path(part)}}}" for part in each.parts)
    return f"{quoted(text)} as {each.name}"


def _function(each: Function) -> str:
    of = path(each.of) if isinstance(each.of, Path) else str(each.of)
    steps = "".join(f" {operator} {number}" for operator, number in each.steps)
    return f"{each.name}({of}{steps}) as {each.label}"
