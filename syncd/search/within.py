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
ANYTHING = "*"
_SAME: dict[int, tuple[str, ...]] = {1: ("true",), 0: ("false", f"-0{_ENDS}")}
"""What equals these numbers besides."""


def holds(context: Context, texts: tuple[str, ...], steps: Steps, literals: list[Bindable]) -> str:
    """A condition that is true wherever the value at a path in one of the JSON texts equals one of the literals, "" for
    too many. Its SQL is the same for all texts: where a text is none of those that are sure, anything is let through.
    """
    key = steps[-1] if steps else None
    ahead = f'{_plain(key)}":' if isinstance(key, str) and not _ESCAPED.search(key) else ""
    patterns = [each for literal in dict.fromkeys(literals) for each in _patterns(ahead, literal)]
    if not texts or not patterns or len(patterns) > MOST:
        return ""
    found = (f"{text} glob {context.bind(each)}" for each in patterns for text in texts)
    return f"({' or '.join(found)})"


def _patterns(ahead: str, literal: Bindable) -> Iterator[str]:
    """SQLite is quick to find the first character of a pattern: better a letter than one of many quotes."""
    match literal:
        case int() if abs(literal) < EXACT:
            yield from (f"*{ahead}{each}*" for each in (f"{literal}{_ENDS}", *_SAME.get(literal, ())))
        case str() if len(literal) > LONGEST or _ESCAPED.search(literal):
            yield ANYTHING
        case str() if literal[:1] in ("[", "{"):  # a list or an object compares as its text
            yield f"*{ahead}*{_plain(literal)}*"
        case str():
            quoted = f'"{_plain(literal)}"'
            yield f"*{ahead}{quoted}*" if ahead or not literal else f"*{quoted[1:]}*"
        case _:
            yield ANYTHING


def _plain(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"[{found[0]}]", text)
