"""What is inside aggregate(…): lark's tree → groups and functions. Every column has a name of its own."""

import re
from typing import Literal, cast

from lark import Token
from lark.visitors import v_args

from syncd.errors import QueryError
from syncd.search.filters import Filters, at
from syncd.search.paths import path
from syncd.search.tree import Aggregate, Function, Group, Path
from syncd.search.words import unquoted

_PIECE = re.compile(r"[^{}]+|\{([^{}]*)\}|[{}]")
PATH = re.compile(r"\s*(/?(`[^`]+`|[^\W\d][\w-]*)(\.(`[^`]+`|\w[\w-]*)|\[\s*([0-9]+|\*)?\s*\])*)\s*")
_OTHER = re.compile(r"\W+")
_LONGEST = 15
"""Digits of a number in a calculation: more than a double can hold would not be what was typed."""
_ROWS = Function("sum", 1, (), "count")
Name = Literal["sum", "count", "min", "max", "avg"]
Operator = Literal["+", "-", "*", "/"]


@v_args(inline=True)
class Columns(Filters):
    def aggregate(self, token: Token, *both: tuple[Group, ...] | tuple[Function, ...]) -> Aggregate:
        columns = [column for each in both for column in each]
        groups = tuple(column for column in columns if isinstance(column, Group))
        functions = tuple(column for column in columns if isinstance(column, Function)) or (_ROWS,)
        names = [*(group.name for group in groups), *(function.label for function in functions)]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise QueryError(
                    f"two columns are called {name}", self._text, at(token), hint="name one of them: … as other_name"
                )
        return Aggregate(groups, functions)

    def groups(self, *groups: Group) -> tuple[Group, ...]:
        return groups

    def functions(self, *functions: Function) -> tuple[Function, ...]:
        return functions

    def group_by(self, what: Token, *name: Token) -> Group:
        if what.type == "STRING":
            text = unquoted(what)
            return Group(self._template(text, at(what)), str(name[-1]) if name else text)
        where = self._path(what)
        return Group((where,), str(name[-1]) if name else str(where))

    def _template(self, text: str, where: int) -> tuple[str | Path, ...]:
        parts: list[str | Path] = []
        for found in _PIECE.finditer(text):
            inner = PATH.fullmatch(found[1]) if found[1] is not None else None
            if inner is not None:
                parts.append(path(inner[1], self._text, where))
            elif found[0][0] in "{}":
                raise QueryError(
                    "a text to group by holds paths in braces", self._text, where, hint='such as "{kind} in {region}"'
                )
            else:
                parts.append(found[0])
        return tuple(parts)

    def function(self, called: Token, of: Token, *rest: Token) -> Function:
        named = str(rest[-1]) if rest and rest[-1].type == "NAME" else ""
        steps = [token for token in rest if token.type in {"ARITHMETIC", "NUMBER"}]
        pairs = zip(steps[::2], steps[1::2], strict=True)
        what = self._number(of) if of.type == "NUMBER" else self._path(of)
        name = cast(Name, called.lower())
        label = named or f"{name}_of_{_OTHER.sub('_', str(what)).strip('_')}"
        return Function(name, what, tuple((cast(Operator, str(op)), self._number(by)) for op, by in pairs), label)

    def _number(self, token: Token) -> float:
        if len(token) > _LONGEST:
            raise QueryError("this number has too many digits", self._text, at(token))
        return float(token) if "." in token else int(token)
