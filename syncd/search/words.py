"""The text of words, quoted text and numbers → what they stand for."""

import re

from syncd.errors import QueryError
from syncd.search.tree import Value

LARGEST = 2**31 - 1
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


def word(text: str, at: int) -> Value:
    """A value typed without quotes."""
    return Value(_WORDS.get(text.lower(), text), bare=True, at=at)


def unquoted(text: str) -> str:
    r"""What stands between the quotes. Escapes that mean nothing stay as typed, so patterns may hold `\d` and `\.`."""
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[0]), text[1:-1])


def whole_number(digits: str, whole: str, at: int) -> int:
    """QueryError where it is larger than any count can be."""
    if len(digits.lstrip("0")) > 10 or int(digits) > LARGEST:
        raise QueryError(f"{digits if len(digits) < 20 else 'this number'} is too large", whole, at)
    return int(digits)
