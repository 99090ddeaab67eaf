"""A notice as JSON for programs, version 1: docs/notice.schema.json says what is in it."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson

from syncd.notice import Notice

VERSION = 1
"""Of what a key means. New keys may come at any time; the number changes when one goes or means something else."""


def encoded(notice: Notice) -> bytes:
    values = {field.name: getattr(notice, field.name) for field in fields(notice)}
    return orjson.dumps({"version": VERSION, **values}, default=_mapping)


def document(notice: Notice) -> dict[str, Any]:
    """As plain dictionaries and lists."""
    found: dict[str, Any] = orjson.loads(encoded(notice))
    return found


def _mapping(value: Any) -> Any:
    """Mappings need not be dictionaries."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
