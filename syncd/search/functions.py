"""The SQL functions of searches. Regular expressions run on RE2, whose time grows with the text and nothing else."""

import re
import sqlite3
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import orjson
import re2

TOKEN = re.compile("[A-Za-z0-9\x80-\U0010ffff]+")
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 4 << 20


def install(connection: sqlite3.Connection) -> None:
    connection.create_function("regexp", 2, _regexp, deterministic=True)
    connection.create_function("json_text", 1, _json_text, deterministic=True)
    connection.create_function("in_subnet", 2, _in_subnet, deterministic=True)
    connection.create_function("has_words", -1, _has_words, deterministic=True)


def pattern_problem(pattern: str) -> str:
    """Why RE2 does not take a pattern, "" when it does."""
    try:
        _compiled(pattern)
    except re2.error as error:
        found = error.args[0] if error.args else "unreadable"
        return found.decode() if isinstance(found, bytes) else str(found)
    except (ValueError, OverflowError) as error:
        return str(error)
    return ""


def tokens(text: str) -> list[str]:
    """The words of a text as full text sees them: only ASCII letters are lower-cased, as SQLite's tokenizer does."""
    return [token.translate(_LOWER) for token in TOKEN.findall(text)]


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)


def _regexp(pattern: str, value: str | float | None) -> bool:
    if value is None:
        return False
    return _compiled(pattern).search(_json_text(value)) is not None


def _json_text(value: str | float | None) -> str:
    """A text as it is, a number as documents write it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@lru_cache(maxsize=256)
def subnet(text: str) -> IPv4Network | IPv6Network | None:
    """A network, None where the text is none. `10.1.2.3` is the network of that one address."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _in_subnet(value: str | float | None, text: str) -> bool:
    network, found = subnet(text), subnet(value) if isinstance(value, str) else None
    if network is None or found is None or network.version != found.version:
        return False
    return found.subnet_of(network)  # type: ignore[arg-type] # of one version: said above


@lru_cache(maxsize=64)
def _wanted(text: str) -> tuple[tuple[str, ...], str]:
    """The words that must be there, and the beginning of one that must be."""
    found = tokens(text)
    return tuple(dict.fromkeys(found[:-1])), found[-1] if found else ""


def _has_words(words: str, *texts: str) -> bool:
    """Whether each word is one of the texts', the last one at least the beginning of one."""
    whole, begun = _wanted(words)
    lowered = "\n".join(texts)
    lowered = lowered.lower() if lowered.isascii() else lowered.translate(_LOWER)
    return (not begun or _stands(lowered, begun, whole=False)) and all(
        _stands(lowered, each, whole=True) for each in whole
    )


def _stands(text: str, word: str, *, whole: bool) -> bool:
    """Whether a token of the text begins with the word, or is it. Most texts do not hold it at all."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (at and TOKEN.match(text[at - 1])) and not (whole and end < len(text) and TOKEN.match(text[end])):
            return True
        at = text.find(word, at + 1)
    return False
