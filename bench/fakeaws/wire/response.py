"""Answers on the wire: a document, an error or nothing at all, in the protocol that the client spoke."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

import orjson
from botocore.model import Shape

from bench.fakeaws.documents import Document
from bench.fakeaws.wire import cbor, scalar, xml
from bench.fakeaws.wire.service import Service

REQUEST_ID = "00000000-0000-4000-8000-000000000000"
RAW = "__raw"  # a document with this key is XML already
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it goes out."""

    status: int
    headers: dict[str, str]
    body: bytes


def respond(status: int, content_type: str, body: bytes | str, more: Mapping[str, str] | None = None) -> Response:
    headers = {"x-amzn-requestid": REQUEST_ID, "Content-Type": content_type, **(more or {})}
    return Response(status, headers, body.encode() if isinstance(body, str) else body)


def success(service: Service, operation: str, protocol: str, document: Document) -> Response:
    shape = service.output_shape(operation)
    match protocol:
        case "ec2":
            return respond(200, "text/xml;charset=UTF-8", _ec2(service, operation, document))
        case "query":
            return respond(200, "text/xml;charset=UTF-8", _query(service, operation, document))
        case "json":
            return respond(200, "application/x-amz-json-1.1", _json(shape, document))
        case "cbor":
            return _cbor(200, scalar.cborable(shape, document) if shape is not None else {})
        case "rest-json":
            return _rest(shape, document, "application/json", _rest_json(shape, document))
    return _rest(shape, document, "application/xml", _rest_xml(service, operation, document))


def _json(shape: Shape | None, document: scalar.Value) -> bytes:
    return orjson.dumps(scalar.jsonable(shape, document) if shape is not None else {})


def _cbor(status: int, value: scalar.Value) -> Response:
    return respond(status, "application/cbor", cbor.dumps(value), {"smithy-protocol": "rpc-v2-cbor"})


def _ec2(service: Service, operation: str, document: Document) -> str:
    out = [_opening(service, operation), f"<requestId>{REQUEST_ID}</requestId>"]
    shape = service.output_shape(operation)
    if shape is not None:
        xml.members(shape, document, out)
    out.append(f"</{operation}Response>")
    return "".join(out)


def _query(service: Service, operation: str, document: Document) -> str:
    out = [_opening(service, operation)]
    shape = service.output_shape(operation)
    if service.folder == "sqs":
        out.append(f"<{operation}Result>{_sqs(document)}</{operation}Result>")
    elif shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation}Result")
        out.append(f"<{wrapper}>")
        xml.members(shape, document, out)
        out.append(f"</{wrapper}>")
    out.append(f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{operation}Response>")
    return "".join(out)


def _opening(service: Service, operation: str) -> str:
    metadata = service.metadata
    namespace = metadata.get("xmlNamespace")
    if not namespace:
        namespace = f"http://{metadata['endpointPrefix']}.amazonaws.com/doc/{metadata['apiVersion']}/"
    return f'{xml.DECLARATION}<{operation}Response xmlns="{namespace}">'


def _sqs(document: Document) -> str:
    """The query form of older SDKs, whose names newer models no longer hold."""
    out = [f"<QueueUrl>{escape(url)}</QueueUrl>" for url in document.get("QueueUrls", ())]
    for key, tag, name, value in (("Attributes", "Attribute", "Name", "Value"), ("Tags", "Tag", "Key", "Value")):
        out += [
            f"<{tag}><{name}>{escape(left)}</{name}><{value}>{escape(right)}</{value}></{tag}>"
            for left, right in document.get(key, {}).items()
        ]
    if document.get("NextToken"):
        out.append(f"<NextToken>{document['NextToken']}</NextToken>")
    return "".join(out)


def _rest(shape: Shape | None, document: Document, content_type: str, body: bytes | str) -> Response:
    """A body with the members that travel beside it, in headers and in the status."""
    status, headers = 200, {}
    for key, member in shape.members.items() if shape is not None else ():
        location = member.serialization.get("location")
        if document.get(key) is not None and location == "header":
            headers[member.serialization.get("name", key)] = scalar.text(member, document[key])
        elif document.get(key) is not None and location == "statusCode":
            status = document[key]
    return respond(status, content_type, body, headers)


def _rest_json(shape: Shape | None, document: Document) -> bytes:
    payload = shape.serialization.get("payload") if shape is not None else None
    if shape is None or payload is None:
        return _json(shape, document)
    member = shape.members[payload]
    if member.type_name in ("blob", "string"):
        return _plain(document.get(payload))
    return _json(member, document.get(payload) or {})


def _plain(value: bytes | str | None) -> bytes:
    return value if isinstance(value, bytes) else str(value or "").encode()


def _rest_xml(service: Service, operation: str, document: Document) -> bytes | str:
    if RAW in document:
        return str(document[RAW])
    shape = service.output_shape(operation)
    payload = shape.serialization.get("payload") if shape is not None else None
    out = [xml.DECLARATION]
    if shape is not None and payload is not None:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            return _plain(document.get(payload))
        xml.element(member, document.get(payload) or {}, member.serialization.get("name", payload), out)
        return "".join(out)
    namespace = service.metadata.get("xmlNamespace", S3_NAMESPACE)
    out.append(f'<{operation}Result xmlns="{namespace if isinstance(namespace, str) else ""}">')
    if shape is not None:
        xml.members(shape, document, out)
    out.append(f"</{operation}Result>")
    return "".join(out)


def error(service: Service | None, protocol: str, status: int, code: str, message: str) -> Response:
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    request_id = f"<RequestId>{REQUEST_ID}</RequestId>"
    match protocol:
        case "ec2":
            errors = f"<Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID>"
            return respond(status, "text/xml;charset=UTF-8", f"{xml.DECLARATION}<Response>{errors}</Response>")
        case "rest-xml" if service is not None and service.folder == "s3":
            return respond(status, "application/xml", f"{xml.DECLARATION}<Error>{inner}{request_id}</Error>")
        case "query" | "rest-xml":
            errors = f"<Error><Type>Sender</Type>{inner}</Error>{request_id}"
            return respond(status, "text/xml", f"{xml.DECLARATION}<ErrorResponse>{errors}</ErrorResponse>")
        case "cbor" | "smithy-rpc-v2-cbor":
            return _cbor(status, {"__type": code, "message": message})
    body = json.dumps({"__type": code, "message": message, "Message": message})
    return respond(status, "application/x-amz-json-1.1", body, {"x-amzn-errortype": code})


def empty(service: Service, operation: str) -> Document:
    """The smallest valid result: lists and maps at the top (and one level down) empty, scalars left out."""
    shape = service.output_shape(operation)
    found = {key: _nothing(key, member) for key, member in shape.members.items()} if shape is not None else {}
    return {key: value for key, value in found.items() if value is not None}


def _nothing(key: str, shape: Shape) -> scalar.Value:
    match shape.type_name:
        case "list":
            return []
        case "map":
            return {}
        case "structure" if key.endswith("List"):
            lists: Document = {name: [] for name, member in shape.members.items() if member.type_name == "list"}
            if lists and "Quantity" in shape.members:
                lists |= {"Quantity": 0, "IsTruncated": False, "Marker": "", "MaxItems": 100}
            return lists or None
    return False if key in ("IsTruncated", "HasMoreResults", "Truncated") else None
