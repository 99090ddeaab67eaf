"""What the text of a document must hold where a value in it equals a literal: looking for that first is thrice as quick
as reading each document as JSON.
"""

import re
from collections.abc import Iterator

from syncd.search.context import Bindable, Context
from syncd.search.indexed import Steps

LONGEST = 200
"""Characters of a literal that is looked for."""
MOST = 6
"""Patterns that are tried one after the other."""
EXACT = 10**15
"""Integers below are written with all their digits, those above may be as 1e16."""
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
"""What JSON does not write as it is."""
_SPECIAL = re.compile(r"[*?\[]")
_ENDS = "[]},.eE]"
"""Behind the digits of a number."""
_SAME: dict[int, tuple[str, ...]] = {1: ("true",), 0: ("false", f"-0{_ENDS}")}
"""What equals these numbers besides."""


def holds(context: Context, texts: tuple[str, ...], steps: Steps, literals: list[Bindable]) -> str:
    """A condition that is true wherever the value at a path in one of the JSON texts equals one of the literals, ""
    where that cannot be told so simply.
    """
    key = steps[-1] if steps else None
    ahead = f'{_plain(key)}":' if isinstance(key, str) and not _ESCAPED.search(key) else ""
    patterns = [each for literal in dict.fromkeys(literals) for each in _patterns(literal)]
    if not texts or not patterns or "" in patterns or len(patterns) > MOST:
        return ""
    found = (f"{text} glob {context.bind(_pattern(ahead, each))}" for each in patterns for text in texts)
    return f"({' or '.join(found)})"


def _pattern(ahead: str, what: str) -> str:
    """SQLite is quick to find the first character of a pattern: better a letter than one of many quotes."""
    return f"*{ahead}{what}*" if ahead else f"*{what.removeprefix(chr(34)) if len(what) > 2 else what}*"


def _patterns(literal: Bindable) -> Iterator[str]:
    match literal:
        case int() if abs(literal) < EXACT:
            yield f"{literal}{_ENDS}"
            yield from _SAME.get(literal, ())
        case str() if len(literal) <= LONGEST and not _ESCAPED.search(literal):
            yield f'"{_plain(literal)}"'
            if literal[:1] in ("[", "{"):  # a list or an object compares as its text
                yield _plain(literal)
        case _:
            yield ""


def _plain(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"[{found[0]}]", text)
