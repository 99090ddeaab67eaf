"""Entries as the TOML that the catalog reads, always in the same order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.aws.deriving.kinds import Service

NOTE = "# Made by `make catalog` from botocore's models and deriving/rules.toml: written again with each run."


def text_of(service: Service) -> str:
    parts = [NOTE, ""]
    if service.header:
        parts += ["[service]", *_lines(service.header), ""]
    for each in service.kinds:
        parts += [f"[{each.kind}]", *_lines(each.table), ""]
    return "\n".join(parts)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
