"""Templates of rules: Jinja2 in its sandbox, and of its language only what ends soon and cannot grow. Pure."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, wraps
from itertools import islice
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syncd.errors import ConfigError

LONGEST = 4000
"""Characters of a result."""
SECONDS = 0.25
LARGEST = 100_000
"""Characters of a text on the way to it."""
DEEPEST = 2
"""Loops within each other."""
TURNS = 100
"""Of each loop."""
_FEW = "_few"
_OUT_OF_TIME = "_out_of_time"
_TOO_LONG = f"it takes more than {SECONDS} s"
FILTERS = frozenset(
    (
        "abs", "capitalize", "count", "default", "d", "e", "escape", "first", "float", "int", "items", "join", "last",
        "length", "lower", "map", "max", "min", "reject", "rejectattr", "round", "select", "selectattr", "sort",
        "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "wordcount",
    )
)  # fmt: skip
METHODS = frozenset(
    (
        "endswith", "get", "items", "keys", "lower", "lstrip", "rstrip", "split", "startswith", "strip", "title",
        "upper", "values",
    )
)  # fmt: skip
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.CondExpr,
    nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Concat, nodes.Call, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword,
)  # fmt: skip


class TemplateProblem(ConfigError):
    """A template that cannot be used, or could not be filled."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Without what can make much of little: `"x" * 10 ** 9`, padding, functions that call themselves."""

    intercepted_binops = frozenset("+*%")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)):
            raise jinja2.TemplateRuntimeError(f"{operator} is for numbers; use ~ to join texts")
        return super().call_binop(context, operator, left, right)


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result is no larger than is sensible: a chain of them could double a text again and again."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        if isinstance(result, str) and len(result) > LARGEST:
            raise jinja2.TemplateRuntimeError("a text grows too large")
        return result

    return call


def _join(value: Any, d: str = "", attribute: str | None = None) -> str:
    """Like Jinja2's, of as many values as a loop takes."""
    parts = list(islice(value, TURNS + 1))
    if attribute is not None:
        parts = [_ENVIRONMENT.getitem(part, attribute) for part in parts]
    texts = [str(part)[:LARGEST] for part in parts[:TURNS]] + ["…"] * (len(parts) > TURNS)
    return str(d)[:LONGEST].join(texts)


@jinja2.pass_context
def _few(context: jinja2.runtime.Context, value: Any) -> Iterator[Any]:
    """Time is looked at in each turn: what comes out of a loop may be nothing."""
    out_of_time: Callable[[], bool] = context[_OUT_OF_TIME]
    for each in islice(value, TURNS):
        if out_of_time():
            raise TemplateProblem(_TOO_LONG)
        yield each


def _environment() -> _Sandbox:
    made = _Sandbox(undefined=jinja2.StrictUndefined, autoescape=False, optimized=False, cache_size=0, trim_blocks=True)
    kept = {name: _kept(function) for name, function in made.filters.items() if name in FILTERS}
    made.filters = kept | {"join": _kept(_join), _FEW: _few}
    made.globals = {}
    return made


@lru_cache(maxsize=512)
def compiled(source: str) -> jinja2.Template:
    """Raises TemplateProblem for what is no template, or not of the part of the language that is taken."""
    environment = _ENVIRONMENT
    try:
        tree = environment.parse(source)
        _check(tree)
        return environment.from_string(_bounded(tree))
    except jinja2.TemplateSyntaxError as error:
        raise TemplateProblem(f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise TemplateProblem("it is nested too deeply") from None


def filled(source: str, values: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> str:
    """The result, cut to LONGEST. Raises TemplateProblem where it cannot be filled, or not in time."""
    template, end = compiled(source), clock() + SECONDS

    def out_of_time() -> bool:
        return clock() > end

    try:
        return "".join(_parts(template.generate({**values, _OUT_OF_TIME: out_of_time}), out_of_time))
    except TemplateProblem:
        raise
    except Exception as error:  # noqa: BLE001  whatever a template does, it is the template's fault
        raise TemplateProblem(f"{type(error).__name__}: {error}"[:300]) from None


def _parts(found: Iterator[str], out_of_time: Callable[[], bool]) -> Iterator[str]:
    room = LONGEST - 1
    for part in found:
        if len(part) > room:
            yield part[:room] + "…"
            return
        yield part
        room -= len(part)
        if out_of_time():
            raise TemplateProblem(_TOO_LONG)


_ENVIRONMENT = _environment()


def _check(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _PLAIN) or _unsafe(node):
            word = type(node).__name__.lower()
            raise TemplateProblem(
                f"line {node.lineno}: {word} is not for messages, which have texts, values, if, for and filters"
            )
    if _depth(tree) > DEEPEST:
        raise TemplateProblem(f"more than {DEEPEST} loops within each other")


def _unsafe(node: nodes.Node) -> bool:
    if isinstance(node, nodes.For):
        return bool(node.recursive)
    if isinstance(node, nodes.Call):
        return not (isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS)
    return False


def _depth(node: nodes.Node) -> int:
    below = max((_depth(child) for child in node.iter_child_nodes()), default=0)
    return below + isinstance(node, nodes.For)


def _bounded(tree: nodes.Template) -> nodes.Template:
    """Each loop takes at most so many turns."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, _FEW, [], [], None, None, lineno=loop.lineno)
    return tree
