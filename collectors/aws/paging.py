"""Where the next page of a list is asked for: the provider's pagination model, read strictly."""

import re
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel, StructureShape
from msgspec import Struct

Steps = tuple[str | int, ...]
Alternatives = tuple[Steps, ...]

_STEP = re.compile(r"(\w+)((?:\[-?\d+\])*)")
_INDEX = re.compile(r"\[(-?\d+)\]")

# Output member → input members that may take it, tried in this order, for lists that the pagination model forgot.
_USUAL = (
    ("NextToken", ("NextToken",)),
    ("nextToken", ("nextToken",)),
    ("NextContinuationToken", ("ContinuationToken",)),
    ("NextMarker", ("NextMarker", "Marker")),
    ("nextMarker", ("nextMarker", "marker")),
    ("NextPageToken", ("NextPageToken", "PageToken")),
    ("nextPageToken", ("nextPageToken", "pageToken")),
    ("PaginationToken", ("PaginationToken",)),
    ("Marker", ("Marker",)),
    ("marker", ("marker",)),
    ("position", ("position",)),
    ("LastEvaluatedGlobalTableName", ("ExclusiveStartGlobalTableName",)),
)

# Lists that page only when a size is asked for, and sizes that the model does not state.
_SIZES = {
    ("sqs", "ListQueues"): ("MaxResults", 1000),
    ("sqs", "ListDeadLetterSourceQueues"): ("MaxResults", 1000),
}
_LARGEST = 1000


class Pages(Struct, frozen=True):
    """How a list goes on: `inputs[i]` takes what `outputs[i]` finds in the document of a page."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[Alternatives, ...] = ()
    more: Alternatives = ()
    limit_key: str = ""
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.inputs)

    def says_more(self, document: Mapping[str, Any]) -> bool | None:
        """What the page itself says, None when it says nothing."""
        return find(self.more, document) if self.more else None

    def next(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of the next page; empty after the last."""
        tokens = {name: find(output, document) for name, output in zip(self.inputs, self.outputs, strict=False)}
        return {name: token for name, token in tokens.items() if token not in (None, "")}


NO_PAGES = Pages()


def find(alternatives: Alternatives, document: Mapping[str, Any]) -> Any:
    """The first alternative that is there and not empty."""
    for steps in alternatives:
        value = _walk(steps, document)
        if value not in (None, "", []):
            return value
    return None


def _walk(steps: Steps, value: Any) -> Any:
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def alternatives(expression: str) -> Alternatives:
    """`NextMarker || Contents[-1].Key` as steps in snake_case. Raises ValueError for what no pagination model uses."""
    return tuple(_steps(part.strip()) for part in expression.split("||"))


def _steps(expression: str) -> Steps:
    steps: list[str | int] = []
    for part in expression.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"{expression!r} is not a path that pages can follow")
        steps.append(xform_name(match[1]))
        steps.extend(int(index) for index in _INDEX.findall(match[2]))
    return tuple(steps)


def pages_of(service: str, model: OperationModel, stated: Mapping[str, Any] | None) -> Pages:
    """From the pagination model; where that has no entry, from the members that usually carry a token."""
    limit_key, size = _SIZES.get((service, model.name), ("", 0))
    if stated is None:
        return _guessed(model, limit_key, size)
    inputs, outputs = _listed(stated["input_token"]), _listed(stated["output_token"])
    limit_key = limit_key or stated.get("limit_key", "")
    return Pages(
        inputs=tuple(inputs),
        outputs=tuple(alternatives(output) for output in outputs),
        more=alternatives(stated["more_results"]) if "more_results" in stated else (),
        limit_key=limit_key,
        size=size or _size(service, model, limit_key),
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _guessed(model: OperationModel, limit_key: str, size: int) -> Pages:
    if model.input_shape is None or model.output_shape is None:
        return NO_PAGES
    for output, inputs in _USUAL:
        for name in inputs:
            if output in model.output_shape.members and name in model.input_shape.members:
                return Pages((name,), (alternatives(output),), (), limit_key, size)
    return _nested(model, limit_key, size)


def _nested(model: OperationModel, limit_key: str, size: int) -> Pages:
    """CloudFront's lists stand in a structure of their own, with what asks for the next page beside the items."""
    inside = [
        name
        for name, shape in model.output_shape.members.items()
        if isinstance(shape, StructureShape) and "NextMarker" in shape.members
    ]
    if len(inside) != 1 or "Marker" not in model.input_shape.members:
        return NO_PAGES
    return Pages(("Marker",), (alternatives(f"{inside[0]}.NextMarker"),), (), limit_key, size)


def _size(service: str, model: OperationModel, limit_key: str) -> int:
    """The largest page that the model allows; 0 (not asked for) where it does not say."""
    shape = model.input_shape.members.get(limit_key) if model.input_shape is not None else None
    if shape is None or shape.type_name not in ("integer", "long"):
        return 0
    largest = shape.metadata.get("max")
    if largest is None:
        return _LARGEST if service == "ec2" else 0
    return min(int(largest), _LARGEST)
