"""Answers from recorded files, DIR/<service_>/<operation>[__<argument values>].json, instead of the made-up estate."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.model import Shape

from bench.fakeaws.documents import Document
from bench.fakeaws.wire.request import Call
from bench.fakeaws.wire.response import empty
from bench.fakeaws.world import EPOCH, UTC

Value = Any  # whatever was recorded

PAGING = {
    "Action",
    "Version",
    "NextToken",
    "nextToken",
    "Marker",
    "MaxResults",
    "maxResults",
    "MaxItems",
    "MaxRecords",
    "PageSize",
    "Limit",
    "limit",
    "MaxBuckets",
    "ContinuationToken",
    "pageSize",
    "maxItems",
    "StartingToken",
    "position",
    "marker",
    "PaginationToken",
    "ExclusiveStartTableName",
    "ExclusiveStartGlobalTableName",
}
NEXT_PAGE = (
    "NextToken",
    "nextToken",
    "Marker",
    "marker",
    "NextMarker",
    "IsTruncated",
    "Truncated",
    "HasMoreResults",
    "position",
    "PaginationToken",
    "LastEvaluatedTableName",
    "LastEvaluatedGlobalTableName",
)
CONTAINERS: dict[str, type] = {"structure": dict, "list": list, "map": dict}
LONGEST_NAME = 218


class Recorded:
    """A folder of recordings, one page each."""

    def __init__(self, folder: str) -> None:
        self._files: dict[tuple[str, str], dict[str, Path]] = {}
        for path in Path(folder).glob("*/*"):
            operation, _, arguments = path.name.removesuffix(".json").partition("__")
            self._files.setdefault((path.parent.name, operation), {})[arguments] = path

    def answer(self, call: Call) -> Document:
        """What was recorded; the smallest valid empty answer where nothing was recorded for these arguments."""
        nothing = empty(call.service, call.operation)
        shape = call.service.output_shape(call.operation)
        path = self._file(call)
        if path is None or shape is None:
            return nothing
        document = typed(shape, json.loads(path.read_text()))
        return nothing | {key: value for key, value in document.items() if key not in NEXT_PAGE}

    def _file(self, call: Call) -> Path | None:
        """The recording for exactly these arguments, else the one without any, else the nearest that shares a value."""
        found = self._files.get((call.service.folder.replace("-", "_"), xform_name(call.operation, "-")))
        if not found:
            return None
        given = {key: value for key, value in call.parameters.items() if key not in PAGING}
        name = "_".join(flat(value) for _, value in sorted(given.items()))[:LONGEST_NAME]
        if exact := found.get(name) or found.get(""):
            return exact
        values = set(name.split("_")) - {""}
        nearest = max(found, key=lambda arguments: len(values & set(arguments.split("_"))))
        return found[nearest] if not given or values & set(nearest.split("_")) else None


def flat(value: Value) -> str:
    """An argument as it stands in the name of a recording."""
    if isinstance(value, dict):
        return "_".join(flat(item) for item in value.values())
    if isinstance(value, list):
        return "_".join(flat(item) for item in value)
    return re.sub(r"[^a-zA-Z0-9]", "_", str(value))


def typed(shape: Shape, value: Value) -> Value:
    """A recorded value as the serialiser wants it; None for one that the service's model does not allow."""
    kind = shape.type_name
    if value is None or (kind in CONTAINERS and not isinstance(value, CONTAINERS[kind])):
        return None
    if kind == "list":
        return [item for item in (typed(shape.member, item) for item in value) if item is not None]
    if kind in CONTAINERS:
        members = shape.members if kind == "structure" else dict.fromkeys(value, shape.value)
        items = {key: typed(member, value.get(key)) for key, member in members.items()}
        return {key: item for key, item in items.items() if item is not None}
    if kind == "timestamp":
        return _moment(value)
    return json.dumps(value) if kind == "string" and isinstance(value, dict | list) else value


def _moment(value: float | str) -> dt.datetime:
    if isinstance(value, int | float):
        return dt.datetime.fromtimestamp(value, UTC)
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return EPOCH
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
