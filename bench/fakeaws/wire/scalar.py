"""Single values as text, and documents as plain JSON or CBOR values."""

import base64
import datetime as dt
from typing import Any

from botocore.model import Shape

Value = Any  # whatever a document may hold


def iso(value: dt.datetime | str) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(value, dt.datetime) else str(value)


def http_date(value: dt.datetime) -> str:
    return value.strftime("%a, %d %b %Y %H:%M:%S GMT")


def base64_text(value: bytes | str) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()


def text(shape: Shape, value: Value) -> str:
    """A value in XML or in a header."""
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return _time_text(shape.serialization.get("timestampFormat"), value)
        case "blob":
            return base64_text(value)
    return str(value)


def _time_text(form: str | None, value: dt.datetime) -> str:
    if form == "rfc822":
        return http_date(value)
    if form == "unixTimestamp":
        return str(int(value.timestamp()))
    return iso(value)


def jsonable(shape: Shape, value: Value) -> Value:
    """A document in the form that JSON protocols want: wire names, times as numbers, blobs as base64."""
    match shape.type_name:
        case "structure":
            return {
                member.serialization.get("name", key): jsonable(member, value[key])
                for key, member in shape.members.items()
                if value.get(key) is not None and member.serialization.get("location") is None
            }
        case "list":
            return [jsonable(shape.member, item) for item in value]
        case "map":
            return {key: jsonable(shape.value, item) for key, item in value.items()}
        case "timestamp":
            return _json_time(shape.serialization.get("timestampFormat"), value)
        case "blob":
            return base64_text(value)
    return value


def _json_time(form: str | None, value: dt.datetime | float | str) -> float | str:
    if form == "iso8601":
        return iso(value) if isinstance(value, dt.datetime) else str(value)
    if not isinstance(value, dt.datetime):
        return value
    return http_date(value) if form == "rfc822" else value.timestamp()


def cborable(shape: Shape, value: Value) -> Value:
    match shape.type_name:
        case "structure":
            return {
                key: cborable(member, value[key]) for key, member in shape.members.items() if value.get(key) is not None
            }
        case "list":
            return [cborable(shape.member, item) for item in value]
        case "map":
            return {key: cborable(shape.value, item) for key, item in value.items()}
        case "double" | "float":
            return float(value)
    return value
