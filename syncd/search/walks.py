"""The text of a walk → edge types and steps."""

import re

from syncd.errors import QueryError
from syncd.search.tree import Walk
from syncd.search.words import whole_number

_FORM = re.compile(r"(<?)-([\w,]*)(?:\[([^\]]*)\])?(\{[^}]*\})?(?:\[[^\]]*\])?([\w,]*)-(>?)")
_RANGE = re.compile(r"\s*(\d+)\s*(?:(:|,|\||\.\.)\s*(\d*)\s*)?", re.ASCII)
FORMS = "walks are written -->, <--, <-->, -[1:3]->, <-[0:]-, -contains->"


def walk(text: str, whole: str, at: int) -> Walk:
    """`text` begins at `at` of `whole`. QueryError: edge filters, an empty type, ranges without a sense.

    One list of types counts for both directions, of two the first is against the arrow and the second with it.
    """
    found = _FORM.fullmatch(text)
    assert found is not None, text
    backward, before, steps, edges, after, forward = found.groups()
    if edges is not None:
        raise QueryError("edges cannot be filtered by their properties", whole, at + found.start(4), hint=FORMS)
    first, last = (1, 1) if steps is None else _range(steps, whole, at + found.start(3))
    if before and after and not (backward and forward):
        raise QueryError("a walk in one direction has one list of types", whole, at + found.start(5), hint=FORMS)
    against = _types(before or after, whole, at + found.start(2 if before else 5))
    along = _types(after or before, whole, at + found.start(5 if after else 2))
    return Walk(along if forward else None, against if backward else None, first, last, at)


def _types(text: str, whole: str, at: int) -> tuple[str, ...]:
    """`default` is Resoto's word for the edges that every resource has: all types."""
    types = tuple(text.split(",")) if text else ()
    if "" in types:
        raise QueryError("an edge type is missing at a comma", whole, at, hint=FORMS)
    return () if "default" in types else types


def _range(text: str, whole: str, at: int) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise QueryError(
            f"[{text}] is no number of steps",
            whole,
            at,
            hint="steps are written [2], [1:3] or [0:] for as far as it goes",
        )
    first = whole_number(found[1], whole, at)
    if not found[2]:
        return first, first
    last = whole_number(found[3], whole, at) if found[3] else None
    if last is not None and last < first:
        raise QueryError(f"a walk from {first} to {last} steps finds nothing", whole, at)
    return first, last
