"""Any tree that a search can have, for properties."""

from typing import Literal

from hypothesis import strategies as st

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
    SortKey,
    Value,
    Walk,
    With,
    Words,
)

# What means something before a text is parsed cannot stand in it as text.
allowed = st.characters(exclude_categories=["Cs"], exclude_characters="@")
plain = st.text(allowed, max_size=6)
names = st.from_regex(r"[a-z_ä][a-z0-9_]{0,6}", fullmatch=True)
odd = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@`{}"), min_size=1, max_size=4)
steps = st.one_of(names, odd, st.integers(0, 1_000_000), st.just(EACH))
paths = st.builds(
    lambda first, rest: Path((first, *rest)),
    names,
    st.lists(steps, max_size=3),
)
keywords = {"and", "or", "not", "true", "false", "null"}
bare = st.from_regex(r"-?[\w.:/*+%?]{1,4}(-[\w:/+%=|&;]{1,4})?", fullmatch=True).map(
    lambda text: f"{text}1" if text.lower() in keywords else text
)
values = st.one_of(
    plain.map(Value),
    bare.map(lambda text: Value(text, bare=True)),
    st.sampled_from([Value(each, bare=True) for each in (True, False, None)]),
)
texts = st.one_of(plain.map(Value), bare.map(lambda text: Value(text, bare=True)))
quantifiers = st.sampled_from(["", "any", "all", "none"])
comparisons = st.one_of(
    st.builds(
        lambda path, op, value, quantifier: Compare(path, op, (value,), quantifier),
        paths,
        st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "=~", "!~"]),
        values,
        quantifiers,
    ),
    st.builds(
        lambda path, op, many, quantifier: Compare(path, op, tuple(many), quantifier),
        paths,
        st.sampled_from(["in", "not in"]),
        st.lists(values, max_size=3),
        quantifiers,
    ),
)
calls = st.one_of(
    st.builds(lambda path, value: Call("in_subnet", path, (value,)), paths, texts),
    st.builds(lambda path, keys: Call("has_key", path, tuple(keys)), paths, st.lists(texts, min_size=1, max_size=3)),
)


def _negated(each: Filter) -> Filter:
    """The parser makes nothing of `not not`."""
    return each if isinstance(each, Not) else Not(each)


def _joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(_negated))


elements: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(comparisons, calls),
    lambda inner: st.one_of(_joined(inner), st.builds(Element, paths, inner)),
    max_leaves=3,
)
several_texts = st.lists(plain, min_size=1, max_size=3).map(tuple)
filters: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(
        st.just(All()),
        several_texts.map(Is),
        several_texts.map(Id),
        plain.map(Words),
        comparisons,
        calls,
        st.builds(Element, paths, elements),
    ),
    _joined,
    max_leaves=3,
)
types = st.lists(names, max_size=2).map(tuple)


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    forward, backward = draw(st.one_of(types, st.none())), draw(types)
    both = draw(st.booleans()) if forward is not None else True
    first = draw(st.integers(0, 9))
    last = draw(st.one_of(st.none(), st.integers(first, 9)))
    return Walk(forward, backward if both else None, first, last)


counts = st.builds(
    With, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(0, 2**31 - 1), walks(), filters
)
havings = st.one_of(
    st.none(),
    counts,
    st.builds(lambda outer, inner: With(outer.op, outer.count, outer.walk, outer.filter, inner), counts, counts),
)
keys = st.lists(st.builds(SortKey, paths, st.booleans()), max_size=2).map(tuple)
limits = st.one_of(st.none(), st.tuples(st.integers(0, 99), st.integers(0, 99)))


def parts(
    walk: st.SearchStrategy[Walk | None], merges: st.SearchStrategy[tuple[Merge, ...]]
) -> st.SearchStrategy[Part]:
    return st.builds(Part, filters, walk, havings, merges, keys, limits, st.booleans())


walked = parts(walks(), st.just(()))
merges = st.lists(
    st.builds(
        Merge, names, st.booleans(), st.lists(walked, min_size=1, max_size=2).map(lambda each: Query(tuple(each)))
    ),
    max_size=2,
    unique_by=lambda merge: merge.name,
).map(tuple)
numbers = st.one_of(st.integers(-9999, 9999), st.integers(-9999, 9999).map(lambda number: number / 8))
templates = st.lists(st.tuples(odd, paths), min_size=1, max_size=2).map(
    lambda pairs: tuple(each for pair in pairs for each in pair)
)
called: st.SearchStrategy[Literal["sum", "count", "min", "max", "avg"]] = st.sampled_from(
    ["sum", "count", "min", "max", "avg"]
)
operators: st.SearchStrategy[Literal["+", "-", "*", "/"]] = st.sampled_from(["+", "-", "*", "/"])
steps_of = st.lists(st.tuples(operators, numbers), max_size=2).map(tuple)


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    columns = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    cut = draw(st.integers(0, len(columns) - 1))
    groups = [Group(draw(st.one_of(st.tuples(paths), templates)), name) for name in columns[:cut]]
    functions = [
        Function(draw(called), draw(st.one_of(paths, numbers)), draw(steps_of), name) for name in columns[cut:]
    ]
    return Aggregate(tuple(groups), tuple(functions))


queries = st.builds(
    lambda first, rest, aggregate: Query((first, *rest), aggregate),
    parts(st.none(), merges),
    st.lists(parts(walks(), merges), max_size=1),
    st.one_of(st.none(), aggregates()),
)
