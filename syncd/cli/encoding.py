"""Values as text for programs: JSON, YAML and one field of a line. A terminal that gets it is not moved by it."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What a YAML parser of any version takes for something else than a string."""


def escaped(text: str) -> str:
    """`text` with what is not printable written as `\\x1b`, `\\n`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_text(value: object, indent: int | None = None) -> str:
    """JSON in one line, or indented. It is ASCII only when it holds what a terminal could act on."""
    text = json.dumps(value, ensure_ascii=False, default=str, indent=indent)
    if text.replace("\n", "").isprintable():
        return text
    return json.dumps(value, default=str, indent=indent).replace("\x7f", "\\u007f")


def field_text(value: object) -> str:
    """One cell for CSV and TSV: nothing is "", lists and objects are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    return str(value)


def yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """YAML without line ends, each string quoted: the same for parsers of YAML 1.1 and 1.2."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{indent}{_key(str(key))}:", item, indent)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            first, *rest = yaml_lines(item, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest
    else:
        yield indent + _scalar(value)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        yield head
        yield from yaml_lines(value, indent + "  ")
    else:
        yield f"{head} {_scalar(value)}"


def _key(text: str) -> str:
    return text if PLAIN_KEY.fullmatch(text) and text.lower() not in WORDS else _quoted(text)


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else _quoted(str(value))


def _quoted(text: str) -> str:
    # a JSON string is a YAML string; YAML has the escapes \xhh, \uhhhh and \Uhhhhhhhh that Python has
    return escaped(json.dumps(text, ensure_ascii=False))


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 takes 1e-05 for a string
