"""What the parser did not understand, in words of people: never the names of its terminals."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from syncd.errors import QueryError
from syncd.search.walks import FORMS

_CALLED = {
    "OPERATOR": "a comparison such as = or >",
    "PATH": "a property",
    "IS": "is(…)",
    "STRING": "quoted text",
    "WORD": "a value",
    "KIND": "a kind",
    "INTEGER": "a number",
    "NUMBER": "a number",
    "FUNCTION": "a function such as sum(…)",
    "NAME": "a name",
    "AMOUNT": "any, empty or count > 1",
    "WALK": "a walk such as -->",
    "AND": "and/or",
    "AS": "as",
    "SORT": "sort",
    "LIMIT": "limit",
    "WITH": "with(…)",
    "ARITHMETIC": "+, -, * or /",
    "RPAR": ")",
    "RSQB": "]",
    "RBRACE": "}",
    "COMMA": "a comma",
    "COLON": ":",
}
"""Terminals that are not here go without saying."""
_FUNCTIONS = "is(…), id(…), in_subnet(…), has_key(…), and inside aggregate(…): sum, count, min, max, avg"
_REFUSED = {
    "with_usage": "syncd does not read metrics of usage",
    "has_desired_change": "syncd does not keep wishes about resources",
}
_REFUSED_CALL = re.compile(rf"({'|'.join(_REFUSED)})\s*\(", re.IGNORECASE)
_ORDER = "the order is: filter, with(…), {…}, sort, limit, reversed"
_HERE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"#\w"), "tags of searches (#name) are not there in syncd; a resource's tags are tags.name"),
    (re.compile(r"\|\||&&"), "write and, or"),
    (re.compile(r"\|"), "a search ends here: commands behind | are not part of it"),
    (re.compile(r"[“”„‘’«»]"), "quotes are \" or '"),
    (re.compile(r"(with|sort|limit|reversed)(?!\w)", re.IGNORECASE), _ORDER),
    (re.compile(r"\["), "an index is [0], [*] or []"),
    (re.compile(r"--?>|<-|-[\w,]*\["), FORMS),
    (re.compile(r"[<>]"), "text that holds < or > needs quotes"),
    (re.compile(r"-"), "words that hold -- or an arrow need quotes"),
)
_PATTERN = re.compile(r"(contains|like|matches|is)(?!\w)", re.IGNORECASE)
_FOUND = re.compile(r"[\w.:/@*+-]{1,40}|\S")
_APART = re.compile(r"[^\w.]")


def explained(error: UnexpectedInput, text: str, parser: Lark) -> QueryError:
    """The place, what is there and what could be there."""
    at = _place(error, text)
    accepted = _accepted(parser, text[:at])
    before = text[:at].rstrip()
    word = _APART.split(before)[-1]
    if text[at : at + 1] == "(" and word and accepted & {"MEMBER", "AS"}:
        return _unknown_function(word, text, len(before) - len(word))
    if called := _REFUSED_CALL.match(text, at):
        return _unknown_function(called[1], text, at)
    found = _FOUND.match(text, at)
    message = f"{found[0]} is not understood here" if found else "the search ends too early"
    return QueryError(message, text, at, expected=_expected(accepted), hint=_hint(text, at, accepted, word))


def _place(error: UnexpectedInput, text: str) -> int:
    """At the end of the text lark tells the place of the last token."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text.rstrip())
    return cast(int, error.pos_in_stream)


def _accepted(parser: Lark, text: str) -> set[str]:
    """Terminals with which the search could go on. Read anew: at an error lark has closed what it could already.

    What stands before an error is no error but where a word ends otherwise now that nothing follows.
    """
    reading = parser.parse_interactive(text)
    with suppress(UnexpectedInput):
        reading.exhaust_lexer()
    accepts = cast(Callable[[], set[str]], reading.accepts)
    return accepts()


def _unknown_function(name: str, text: str, at: int) -> QueryError:
    if name.lower() == "with":
        return QueryError("with(…) is no filter", text, at, hint=_ORDER)
    if why := _REFUSED.get(name.lower()):
        return QueryError(f"{name}(…) is not there in syncd", text, at, hint=why)
    return QueryError(f"there is no function {name}", text, at, hint=f"there are {_FUNCTIONS}")


def _expected(accepted: set[str]) -> list[str]:
    """Where a value can stand quoted text goes without saying; so do clauses after a filter and walks before one."""
    names = accepted - {"STRING"} if accepted & {"WORD", "KIND"} else accepted
    if names & {"AND", "IS"}:
        names = names - {"SORT", "LIMIT", "WITH"}
    if "IS" in names:
        names = names - {"WALK"}
    return sorted({_CALLED[name] for name in names if name in _CALLED})


def _hint(text: str, at: int, accepted: set[str], word: str) -> str:
    """`word` stands before the place."""
    if {"OPERATOR", "MEMBER"} <= accepted and _PATTERN.match(text, at):
        return "=~ compares with a pattern"
    if text[max(0, at - 1) : at + 1] == "{{":
        return "{{…}} is filled in the text of templates only"
    for pattern, hint in _HERE:
        if pattern.match(text, at):
            return hint
    if {"OPERATOR", "MEMBER"} <= accepted and word:
        return f'a kind is written is({word}), words in quotes: "{word}"'
    if "WORD" in accepted and at < len(text):
        return "if this is meant as text, put it in quotes"
    return ""
