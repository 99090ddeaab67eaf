"""A whole search: lark's tree → Query. Methods are called as the grammar's rules, with what stands there."""

import re
from dataclasses import dataclass, replace
from typing import cast

from lark import Token
from lark.tree import Meta
from lark.visitors import v_args

from syncd.errors import QueryError
from syncd.search.columns import Columns
from syncd.search.filters import at
from syncd.search.tree import Aggregate, All, Filter, Merge, Op, Part, Query, SortKey, Walk, With
from syncd.search.walks import walk
from syncd.search.words import whole_number

_MERGE = re.compile(r"/?([^\W\d]\w*)(\[\s*\])?")
_COUNTING = {"=", "!=", "<", "<=", ">", ">="}


@dataclass(frozen=True, slots=True)
class _Merges:
    merges: tuple[Merge, ...]


@dataclass(frozen=True, slots=True)
class _Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class _Limit:
    offset: int
    count: int


Clause = Filter | With | _Merges | _Sort | _Limit | Token


@v_args(inline=True)
class Builder(Columns):
    """For one text, once."""

    def start(self, *children: Token | Aggregate | Query) -> Query:
        aggregate = next((child for child in children if isinstance(child, Aggregate)), None)
        return Query(cast(Query, children[-1]).parts, aggregate, tuple(self.warnings))

    def query(self, *parts: Part) -> Query:
        return Query(parts)

    def walked(self, token: Token, part: Part) -> Part:
        return replace(part, walk=self._walk(token))

    def _walk(self, token: Token) -> Walk:
        return walk(str(token), self._text, at(token))

    def part(self, *clauses: Clause) -> Part:
        part = Part(All())
        for clause in clauses:
            match clause:
                case With():
                    part = replace(part, having=clause)
                case _Merges():
                    part = replace(part, merges=clause.merges)
                case _Sort():
                    part = replace(part, sort=clause.keys)
                case _Limit():
                    part = replace(part, limit=(clause.offset, clause.count))
                case Token():
                    part = replace(part, turned=True)
                case _:
                    part = replace(part, filter=clause)
        return part

    @v_args(meta=True)
    def late(self, meta: Meta, _: list[object]) -> None:
        hint = "filter before the merge, or with(…)"
        raise QueryError("a filter cannot follow a merge", self._text, meta.start_pos, hint=hint)

    def having(self, _: Token, *rest: Token | Filter | With) -> With:
        tokens = [each for each in rest if isinstance(each, Token)]
        then = rest[-1] if isinstance(rest[-1], With) else None
        inner = [each for each in rest if not isinstance(each, Token | With)]
        op, count = self._amount(tokens[:-1])
        return With(op, count, self._walk(tokens[-1]), inner[0] if inner else All(), then)

    def _amount(self, tokens: list[Token]) -> tuple[Op, int]:
        if len(tokens) == 1:
            return ("=", 0) if tokens[0].lower() == "empty" else (">", 0)
        _, operator, count = tokens
        op = "=" if operator == "==" else str(operator)
        if op not in _COUNTING:
            raise QueryError(f"{op} cannot compare a count", self._text, at(operator), expected=["=", ">", "<="])
        return cast(Op, op), whole_number(count, self._text, at(count))

    @v_args(meta=True)
    def merges(self, meta: Meta, merges: list[Merge]) -> _Merges:
        names = [merge.name for merge in merges]
        if len(set(names)) < len(names):
            raise QueryError("two merges have the same name", self._text, meta.start_pos)
        return _Merges(tuple(merges))

    def merge(self, token: Token, *parts: Part) -> Merge:
        found = _MERGE.fullmatch(token)
        if found is None:
            raise QueryError(
                f"{token} is no name for what is merged", self._text, at(token), expected=["name", "name[]"]
            )
        return Merge(found[1], found[2] is not None, Query(parts))

    def sort(self, _: Token, *keys: SortKey) -> _Sort:
        return _Sort(keys)

    def key(self, where: Token, order: Token | None = None) -> SortKey:
        return SortKey(self._path(where), order is not None and order.lower() == "desc")

    def limit(self, _: Token, *numbers: Token) -> _Limit:
        offset, count = [0, *(whole_number(each, self._text, at(each)) for each in numbers)][-2:]
        return _Limit(offset, count)
