"""Text → Query. Pure: time and templates are passed in. Whatever the text, the answer is a Query or a QueryError."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from types import MappingProxyType

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, VisitError

from syncd.errors import QueryError
from syncd.search.build import Builder
from syncd.search.columns import PATH
from syncd.search.paths import path
from syncd.search.table import parser
from syncd.search.templates import expand
from syncd.search.tree import Path, Query
from syncd.search.values import placeholders
from syncd.search.wording import explained

LONGEST = 20_000
"""Characters of a search, also after its templates were put in."""
_NONE: Mapping[str, str] = MappingProxyType({})


def parse(text: str, templates: Mapping[str, str] = _NONE, *, now: datetime) -> Query:
    """QueryError tells the place in the text as it is after templates and @placeholders@ were put in."""
    _check(text)
    whole = placeholders(expand(text, templates, LONGEST), now)
    _check(whole)
    return replace(_built(_tree(whole), whole), text=whole)


def parse_path(text: str) -> Path:
    """A path that stands alone, such as the name of a column. QueryError for what is none."""
    _check(text)
    found = PATH.fullmatch(text)
    if found is None:
        raise QueryError("this is no property", text, 0, expected=["a path such as name, tags.env, ports[*].from_port"])
    return path(found[1], text, found.start(1))


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise QueryError(f"a search has at most {LONGEST} characters, this one has {len(text)}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("this character cannot be read", text, error.start) from None


def _tree(text: str) -> Tree[Token]:
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise explained(error, text, _parser()) from None


def _built(tree: Tree[Token], text: str) -> Query:
    try:
        query = Builder(text).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    assert isinstance(query, Query)
    return query


@cache
def _parser() -> Lark:
    """Made at the first search."""
    return parser()
