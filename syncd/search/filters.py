"""The filters of a search: lark's tree → values. Methods are called as the grammar's rules, with what stands there.

No recursion: how deep a search may be is said by brackets.py, not by the interpreter's stack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import orjson
from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from syncd.errors import QueryError
from syncd.search.paths import path
from syncd.search.tree import (
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Id,
    Is,
    Not,
    Op,
    Or,
    Path,
    Quantifier,
    Value,
    Words,
)
from syncd.search.values import number
from syncd.search.words import unquoted, word

_OPERATORS = {"==": "=", "~": "=~"}
_SHOWN = 200
"""Characters of a filter in a warning."""
_WARNINGS = 5
"""A search that mixes more often is told enough with these."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Filters joined by `and`, and where they stand in the text."""

    parts: tuple[Filter, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Json:
    """A list or an object as a value: its compact JSON text, as documents are stored."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Array:
    """A list as typed; as operand of `in` its items are values, elsewhere it is one value."""

    items: tuple[Value | Json, ...]
    at: int


def at(token: Token) -> int:
    return token.start_pos or 0


@v_args(inline=True)
class Filters(Transformer_NonRecursive[Token, object]):
    """`warnings` gathers what the text could be misread as."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.warnings: list[str] = []

    def _path(self, token: Token) -> Path:
        return path(str(token), self._text, at(token))

    def any_of(self, *chains: Chain | Token) -> Filter:
        parts = [chain for chain in chains if isinstance(chain, Chain)]
        mixed = len(parts) > 1 and any(len(chain.parts) > 1 for chain in parts)
        if mixed and len(self.warnings) < _WARNINGS:
            self.warnings.append(self._mixed(parts))
        joined = [chain.parts[0] if len(chain.parts) == 1 else And(chain.parts) for chain in parts]
        return joined[0] if len(joined) == 1 else Or(tuple(joined))

    def _mixed(self, chains: list[Chain]) -> str:
        pieces = [" ".join(self._text[chain.first : chain.last].split()) for chain in chains]
        read = " or ".join(
            f"({piece})" if len(chain.parts) > 1 else piece for piece, chain in zip(pieces, chains, strict=True)
        )
        shown = read if len(read) <= _SHOWN else f"{read[:_SHOWN]}…"
        return (
            f"and binds tighter than or here: read as {shown}; Resoto reads from left to right. "
            "Parentheses make it plain."
        )

    @v_args(meta=True)
    def all_of(self, meta: Meta, children: list[Filter | Token]) -> Chain:
        parts = tuple(child for child in children if not isinstance(child, Token))
        return Chain(parts, meta.start_pos, meta.end_pos)

    def simple(self, *children: Filter | Token) -> Filter:
        """Twice `not` is nothing: otherwise a row of them would be as deep as it is long."""
        inner = cast(Filter, children[-1])
        return inner if len(children) % 2 else Not(inner)

    def group(self, inner: Filter) -> Filter:
        return inner

    def everything(self, _: Token) -> Filter:
        return All()

    def quoted(self, token: Token) -> Filter:
        return Words(unquoted(token), at(token))

    def is_kind(self, token: Token, *kinds: str) -> Filter:
        return Is(kinds, at(token))

    def is_id(self, token: Token, *ids: str) -> Filter:
        return Id(ids, at(token))

    def call(self, token: Token, where: Token, *values: Value | Array) -> Filter:
        flat = tuple(each for value in values for each in self._members(value))
        for each in flat:
            if not isinstance(each.data, str):
                raise QueryError("a text is needed here: put it in quotes", self._text, each.at)
        if token.lower() == "has_key":
            return Call("has_key", self._path(where), flat, at(token))
        if len(flat) != 1:
            raise QueryError('in_subnet takes one network, such as in_subnet(ip, "10.0.0.0/8")', self._text, at(token))
        return Call("in_subnet", self._path(where), flat, at(token))

    def element(self, where: Token, _: Token, *filters: Filter) -> Filter:
        inner = filters[0] if len(filters) == 1 else And(filters)
        self._check_element(inner, at(where))
        return Element(self._path(where), inner)

    def _check_element(self, inner: Filter, where: int) -> None:
        """An element of an array is no resource: it has properties only."""
        todo: list[Filter] = [inner]
        while todo:
            each = todo.pop()
            if isinstance(each, Is | Id | Words | All):
                raise QueryError(
                    "the elements of an array are compared by their properties only",
                    self._text,
                    where if isinstance(each, All) else each.at,
                    expected=["a comparison such as from_port = 22"],
                )
            if isinstance(each, And | Or):
                todo.extend(each.parts)
            elif isinstance(each, Not):
                todo.append(each.part)

    def compare(self, where: Token, *rest: Token | Value | Json) -> Filter:
        *quantifier, operator, value = rest
        op = _OPERATORS.get(str(operator), str(operator))
        if isinstance(value, Json):
            if op not in {"=", "!="}:
                raise QueryError(f"{operator} cannot compare with a list or an object", self._text, value.at)
            value = Value(value.text, at=value.at)
        return self._compare(where, op, (cast(Value, value),), quantifier)

    def member(self, where: Token, *rest: Token | Value | Array) -> Filter:
        *quantifier, operator, value = rest
        op = "in" if str(operator).lower() == "in" else "not in"
        return self._compare(where, op, self._members(cast(Value | Array, value)), quantifier)

    def _compare(self, where: Token, op: str, values: tuple[Value, ...], quantifier: Sequence[object]) -> Filter:
        which = str(quantifier[0]).lower() if quantifier else ""
        return Compare(self._path(where), cast(Op, op), values, cast(Quantifier, which), at(where))

    def _members(self, value: Value | Array) -> tuple[Value, ...]:
        items = value.items if isinstance(value, Array) else (value,)
        return tuple(Value(item.text, at=item.at) if isinstance(item, Json) else item for item in items)

    def kind(self, token: Token) -> str:
        return unquoted(token) if token.type == "STRING" else str(token)

    name = kind

    def value(self, token: Token) -> Value:
        return Value(unquoted(token), at=at(token)) if token.type == "STRING" else word(str(token), at(token))

    @v_args(meta=True)
    def array(self, meta: Meta, items: list[Value | Json]) -> Array:
        return Array(tuple(items), meta.start_pos)

    @v_args(meta=True)
    def mapping(self, meta: Meta, pairs: list[str]) -> Json:
        return Json("{" + ",".join(pairs) + "}", meta.start_pos)

    def pair(self, key: Token, item: Value | Json) -> str:
        return f"{_json(unquoted(key))}:{_item(item)}"

    def json(self, value: Array | Json) -> Json:
        if isinstance(value, Json):
            return value
        return Json("[" + ",".join(map(_item, value.items)) + "]", value.at)


def _item(item: Value | Json) -> str:
    if isinstance(item, Json):
        return item.text
    if item.bare and isinstance(item.data, str) and (found := number(item.data)) is not None:
        return _json(found)
    return _json(item.data)


def _json(data: str | float | bool | None) -> str:
    return orjson.dumps(data).decode()
