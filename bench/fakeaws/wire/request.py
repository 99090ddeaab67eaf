"""From an HTTP request to a call: which service and operation it means, with flat parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from bench.fakeaws.wire import cbor
from bench.fakeaws.wire.service import Service, Services

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived. `signing` is the service name in the signature; names of headers are in lower case."""

    signing: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What was meant. `protocol` is the one the client spoke, which may not be the model's first."""

    service: Service
    operation: str
    protocol: str
    parameters: Parameters


def resolve(services: Services, request: Request) -> Call | None:
    """A signing name may be that of many services: the others are asked when the usual ones do not know."""
    return _resolve(services.candidates(request.signing), request) or _resolve(
        services.others(request.signing), request
    )


def _resolve(candidates: list[Service], request: Request) -> Call | None:
    return (
        _by_smithy_path(candidates, request)
        or _by_target(candidates, request)
        or _by_action(candidates, request)
        or _by_route(candidates, request)
    )


def _by_smithy_path(candidates: list[Service], request: Request) -> Call | None:
    if request.headers.get("smithy-protocol") != "rpc-v2-cbor":
        return None
    operation = request.path.rsplit("/", 1)[-1]
    for service in candidates:
        if operation in service.operations:
            return Call(service, operation, "cbor", cbor.loads(request.body) if request.body else {})
    return None


def _by_target(candidates: list[Service], request: Request) -> Call | None:
    prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
    for service in sorted(candidates, key=lambda service: service.metadata.get("targetPrefix") != prefix):
        if operation in service.operations:
            return Call(service, operation, "json", orjson.loads(request.body) if request.body else {})
    return None


def _by_action(candidates: list[Service], request: Request) -> Call | None:
    if request.method != "POST" or b"Action=" not in request.body[:4096]:
        return None
    parameters = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    operation, version = parameters.get("Action", ""), parameters.get("Version")
    having = [service for service in candidates if operation in service.operations]
    if not having:
        return None
    service = min(having, key=lambda service: service.metadata.get("apiVersion") != version)
    return Call(service, operation, "ec2" if service.protocol == "ec2" else "query", dict(parameters))


def _by_route(candidates: list[Service], request: Request) -> Call | None:
    """The most particular route of all the services: S3's fit nearly every path."""
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    speaking = [service for service in candidates if service.protocol in ("rest-json", "rest-xml")]
    hits = [(hit, service) for service in speaking if (hit := service.match(request.method, request.path, query))]
    if not hits:
        return None
    (_, operation, labels), service = max(hits, key=lambda hit: hit[0][0])
    parameters = _located(service, operation, {"uri": labels, "querystring": query})
    parameters |= _members(service, operation, _body(request.body))
    return Call(service, operation, service.protocol, parameters)


def _located(service: Service, operation: str, places: Mapping[str, Mapping[str, str]]) -> Parameters:
    """The parameters that stand in the path and the query."""
    shape = service.input_shape(operation)
    found: Parameters = {}
    for name, member in shape.members.items() if shape is not None else ():
        place = places.get(member.serialization.get("location"), {})
        wire_name = member.serialization.get("name", name)
        if wire_name in place:
            found[name] = place[wire_name]
    return found


def _body(body: bytes) -> Parameters:
    if body.startswith(b"{"):
        return dict(orjson.loads(body))
    ids = re.findall(rb"<ResourceId>([^<]+)</ResourceId>", body)
    if ids:
        return {"ResourceIds": [found.decode() for found in ids]}
    return {name.decode(): text.decode() for name, text in re.findall(rb"<(\w+)>([^<]+)</\1>", body)}


def _members(service: Service, operation: str, body: Parameters) -> Parameters:
    """A body's values by the members' own names, which on the wire may be spelled otherwise."""
    shape = service.input_shape(operation)
    spelled = (
        {m.serialization.get("name", name): name for name, m in shape.members.items()} if shape is not None else {}
    )
    return {spelled.get(name, name): value for name, value in body.items()}
