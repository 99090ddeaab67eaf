"""From a node to what is stored: canonical JSON, key and hash. Pure."""

import zlib
from hashlib import blake2b
from typing import Any

import orjson
from msgspec import Struct

from syncd.errors import Failed
from syncd.model import Document, Edge, Node
from syncd.store.keys import node_key

CANONICAL = orjson.OPT_SORT_KEYS


class Record(Struct, frozen=True):
    """A node ready to be written. `tags`, `common`, `body`, `volatile` are JSON text; `facets` … are joined keys."""

    key: int
    hash: bytes
    urn: str
    kind: str
    id: str
    name: str
    account: str
    region: str
    zone: str
    created_at: str
    updated_at: str
    tags: str
    common: str
    body: str
    volatile: str
    edges: tuple[Edge, ...]
    handles: tuple[str, ...]
    facets: str
    unseen: str
    never: str


def joined(keys: frozenset[str]) -> str:
    return ",".join(sorted(keys)) if keys else ""


def split(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def dumps(value: Any, where: str = "") -> bytes:
    """Canonical JSON: keys sorted. Raises Failed for what JSON or SQLite cannot hold."""
    try:
        return orjson.dumps(value, option=CANONICAL)
    except (TypeError, ValueError, RecursionError) as error:
        raise Failed(f"{where or 'a document'} cannot be stored: {error}") from error


def encode(node: Node, largest: int) -> Record:
    """Raises Failed when the document is larger than `largest` bytes or cannot be stored."""
    body, tags = dumps(node.document, node.urn), dumps(node.tags, node.urn)
    if len(body) > largest:
        raise Failed(f"the document of {node.urn} has {len(body)} bytes, more than sync.max_document_bytes = {largest}")
    common = dumps(node.common, node.urn)
    head = "\x1f".join((node.kind, node.id, node.name, node.zone, node.created_at, node.updated_at))
    try:
        digest = blake2b(b"\0".join((head.encode(), tags, common, body)), digest_size=16).digest()
        key = node_key(node.urn)
    except UnicodeEncodeError as error:
        raise Failed(f"an id or name is not valid text: {error.reason}") from error
    if "\0" in head or "\0" in node.urn:
        raise Failed("an id or name holds a NUL character")
    return Record(
        key,
        digest,
        node.urn,
        node.kind,
        node.id,
        node.name,
        node.account,
        node.region,
        node.zone,
        node.created_at,
        node.updated_at,
        tags.decode(),
        common.decode(),
        body.decode(),
        dumps(node.volatile, node.urn).decode() if node.volatile else "",
        node.edges,
        node.handles,
        joined(node.facets),
        joined(node.unseen),
        joined(node.never),
    )


def pack(value: Document) -> bytes:
    """A closed version for the history."""
    return zlib.compress(dumps(value), 6)


def unpack(data: bytes) -> Document:
    document: Document = orjson.loads(zlib.decompress(data))
    return document
