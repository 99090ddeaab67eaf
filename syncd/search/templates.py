"""expand(name, key=value, …): text of templates put into the text of a search, before anything is understood of it."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from syncd.errors import QueryError
from syncd.search.brackets import check_brackets

DEEPEST = 10
_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_WORD = r"""[^\s,()\[\]{}"'=]+"""
_CALL = re.compile(rf"{_QUOTED}|`[^`]*`|(?P<call>(?<![\w.`/-])expand\s*\()", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(rf"\s*({_QUOTED}|{_WORD})\s*", re.DOTALL)
_ARGUMENT = re.compile(rf"\s*,\s*([\w-]+)\s*=\s*({_QUOTED}|[^\s,()\[\]{{}}\"']+)\s*", re.DOTALL)
_HOLE = re.compile(r"\{\{\s*([\w-]+)\s*\}\}")


def expand(text: str, templates: Mapping[str, str], longest: int) -> str:
    """The text with all templates put in, also those that templates use.

    QueryError: an unknown template, a missing or superfluous argument, templates that use each other without an end,
    a text longer than `longest`.
    """
    for _ in range(DEEPEST + 1):
        check_brackets(text)
        calls = [found for found in _CALL.finditer(text) if found["call"]]
        if not calls:
            return text
        text = _once(text, calls, templates)
        if len(text) > longest:
            raise QueryError(f"with its templates put in, the search has more than {longest} characters")
    raise QueryError(f"templates use each other more than {DEEPEST} deep")


def _once(text: str, calls: Sequence[re.Match[str]], templates: Mapping[str, str]) -> str:
    """All calls replaced; what templates bring along is for the next time."""
    pieces, end = [], 0
    for call in calls:
        filled, after = _filled(text, call, templates)
        pieces += [text[end : call.start()], filled]
        end = after
    return "".join([*pieces, text[end:]])


def _filled(text: str, call: re.Match[str], templates: Mapping[str, str]) -> tuple[str, int]:
    """The template's text with its holes filled, and where the call ends."""
    named = _NAME.match(text, call.end())
    if named is None:
        raise QueryError("expand(…) names no template", text, call.end(), expected=["the name of a template"])
    arguments, end = _arguments(text, named.end())
    name = named[1].strip("\"'")
    if name not in templates:
        raise QueryError(f"there is no template {name}", text, named.start(1), hint=_nearest(name, templates))
    return _put_in(templates[name], name, arguments, text, call.start()), end


def _arguments(text: str, at: int) -> tuple[dict[str, str], int]:
    arguments: dict[str, str] = {}
    while found := _ARGUMENT.match(text, at):
        if found[1] in arguments:
            raise QueryError(f"the argument {found[1]} is given twice", text, found.start(1))
        arguments[found[1]] = found[2]
        at = found.end()
    if text[at : at + 1] != ")":
        raise QueryError("expand(…) is not understood here", text, at, expected=[")", ", key=value"])
    return arguments, at + 1


def _put_in(template: str, name: str, arguments: Mapping[str, str], text: str, at: int) -> str:
    holes = _HOLE.findall(template)
    for hole in holes:
        if hole not in arguments:
            raise QueryError(f"the template {name} needs the argument {hole}", text, at, hint=f"add {hole}=…")
    for key in arguments:
        if key not in holes:
            hint = f"its arguments: {', '.join(sorted(set(holes)))}" if holes else "it has no arguments"
            raise QueryError(f"the template {name} has no argument {key}", text, at, hint=hint)
    return _HOLE.sub(lambda found: arguments[found[1]], template)


def _nearest(name: str, templates: Mapping[str, str]) -> str:
    close = get_close_matches(name, templates, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(sorted(templates)[:10])}" if templates else "there are no templates"
