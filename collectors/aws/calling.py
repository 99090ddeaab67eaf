"""One operation by its name, with parameters as people type them."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from collectors.aws.models import Models, Operation
from syncd.errors import Failed
from syncd.model import Act

_UNDONE = re.compile(r"(un(success|process)|fail|error|invalid)|.*(errors|failures)$").match
"""Members of answers that list what was not done, by their names."""
_SHOWN = 300
_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def called(models: Models, act: Act) -> Operation:
    """`StopInstances` or `stop-instances`. Raises Failed for what the models do not know."""
    name = act.operation
    if "-" in name or name.islower():
        name = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
    return models.operation(act.service, name)


def coerced(operation: Operation, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments: names as the model spells them, texts as the numbers, switches or lists of one that it wants.

    What makes a call unique is fixed here, so that whoever sends it twice sends the same.
    """
    shape = operation.model.input_shape
    known = shape.members if shape is not None else {}
    named = {_plain(name): name for name in known}
    found: dict[str, Any] = {}
    for given, value in parameters.items():
        name = given if given in known else named.get(_plain(given), "")
        if not name:
            raise Failed(f"{operation.label} has no parameter {given}", operation=operation.label)
        found[name] = _as(known[name], value)
    for name in operation.model.idempotent_members:
        found.setdefault(name, str(uuid.uuid4()))
    return found


def refused(answer: Mapping[str, Any]) -> str:
    """What an answer says was not done, "" for nothing: some operations answer with 200 and a list of failures."""
    if str(answer.get("return", "")).lower() == "false":
        return "return: false"
    for name, value in answer.items():
        told = isinstance(value, (list, dict)) and _UNDONE(name)
        if value and (told or name == "function_error"):
            text = " ".join(str(value).split())
            return f"{name}: {text[:_SHOWN]}{'…' if text[_SHOWN:] else ''}"
    return ""


def _plain(name: str) -> str:
    return str(xform_name(name)).replace("-", "").replace("_", "").lower()


def _as(shape: Shape, value: Any) -> Any:
    if isinstance(shape, ListShape):
        return [_as(shape.member, each) for each in (value if isinstance(value, list) else [value])]
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {name: _as(shape.members[name], each) if name in shape.members else each for name, each in value.items()}
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _as(shape.value, each) for name, each in value.items()}
    if isinstance(value, str):
        return _read(shape, value)
    return value


def _read(shape: Shape, text: str) -> Any:
    """What is no number stays text, and is then complained of."""
    if shape.type_name == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return _NUMBERS[shape.type_name](text) if shape.type_name in _NUMBERS else text
    except ValueError:
        return text
