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
ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
"""What JSON does not write as it is."""
_SPECIAL = re.compile(r"[*?\[]")
_ENDS = "]},.eE"
"""Behind the digits of a number one of these."""
ANYTHING = "*"
_SAME: dict[int, tuple[tuple[str, ...], ...]] = {1: (tuple("true"),), 0: (tuple("false"), ("-", "0", _ENDS))}
"""What equals these numbers besides: for each place the characters that may stand there."""
_RARE = "QXZJjqzKYWxHVUGOkyFBwLPMDNRCTSIEAvhgmpulonrsit"
"""Letters as they are more and more frequent in documents, without those of hexadecimal numbers."""


def holds(context: Context, texts: tuple[str, ...], steps: Steps, literals: list[Bindable]) -> str:
    """A condition that is true wherever the value at a path in one of the JSON texts equals one of the literals, "" for
    too many. Its SQL is the same for all texts: where a text is none of those that are sure, anything is let through.
    """
    key = steps[-1] if steps else None
    ahead = _ahead(key) if isinstance(key, str) and not ESCAPED.search(key) else ""
    patterns = [*_all(ahead, tuple(dict.fromkeys(literals)))]
    if not texts or not patterns or len(patterns) > MOST:
        return ""
    found = (f"{text} glob {context.bind(each)}" for each in patterns for text in texts)
    return f"({' or '.join(found)})"


def _ahead(key: str) -> str:
    """What stands before a value, from a letter on that is rare: that is what SQLite looks for first."""
    at = min(range(len(key)), key=lambda at: _RARE.find(key[at]) % 100) if key.isascii() and key else 0
    return f'{_plain(key[at:])}":'


def _all(ahead: str, literals: tuple[Bindable, ...]) -> Iterator[str]:
    """A number and the text that looks like it share a pattern: each pattern costs as much as all before it."""
    numbers = {str(each): each for each in literals if isinstance(each, int) and abs(each) < EXACT}
    for literal in literals:
        if isinstance(literal, int) and str(literal) in numbers:
            yield from _of_number(ahead, literal, quoted=str(literal) in literals)
        elif literal not in numbers:
            yield _of_text(ahead, literal) if isinstance(literal, str) else ANYTHING


def _of_number(ahead: str, number: int, *, quoted: bool) -> Iterator[str]:
    ways = ((*str(number), _ENDS), *_SAME.get(number, ()))
    if ahead:  # all at once: at each place one of what may stand there, as far as the shortest goes
        ways += (tuple(f'"{number}"'),) if quoted else ()
        yield f"*{ahead}{''.join(_one_of(''.join(place)) for place in zip(*ways, strict=False))}*"
        return
    for *digits, end in ways:
        text = '"' if quoted and end == _ENDS else ""
        yield f"*{''.join(digits)}{_one_of(end + text)}*"


def _one_of(characters: str) -> str:
    """In a set, a bracket stands first and a dash last."""
    each = sorted(set(characters), key=lambda one: (one != "]", one == "-", one))
    return each[0] if len(each) == 1 else f"[{''.join(each)}]"


def _of_text(ahead: str, literal: str) -> str:
    """SQLite is quick to find the first character of a pattern: better a letter than one of many quotes."""
    if len(literal) > LONGEST or ESCAPED.search(literal):
        return ANYTHING
    if literal[:1] in ("[", "{"):  # a list or an object compares as its text
        return f"*{ahead}*{_plain(literal)}*"
    quoted = f'"{_plain(literal)}"'
    return f"*{ahead}{quoted}*" if ahead or not literal else f"*{quoted[1:]}*"


def _plain(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"[{found[0]}]", text)
