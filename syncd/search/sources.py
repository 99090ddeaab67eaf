"""Where nodes, edges and handles are read from: the tables of the present, and beside them what was true at a commit.

A past picture is what is open and was so already, and closed versions that were open then. The latter stand in
temporary tables (syncd.search.past), which hold nothing else.
"""

from collections.abc import Iterator
from typing import NamedTuple

from syncd.search.context import Context


class Source(NamedTuple):
    """A table to read, and what must hold for its rows."""

    table: str
    condition: str


def nodes(context: Context, node: str, *, key: str = "") -> Iterator[tuple[str, str]]:
    """(table expression, condition) for nodes under this alias; their document, where needed, as `d_<alias>`.

    `key`: only the node with this key, where it comes from another table of the join. As an equation it would have
    SQLite (3.38 and later) read the whole table for a Bloom filter, or else go by the kind: it cannot guess how few
    nodes there are to look up.
    """
    for table, document, condition in _node_tables(context, node):
        joined = f"{table} {node}"
        if key:
            joined = f"{joined} not indexed" if table == "node" else f"{table}_of_key {node}"
        if node in context.documents:
            # Every node has one. An equation would have SQLite build a filter out of all documents.
            joined += f" cross join {document} d_{node} on d_{node}.node between {node}.key and {node}.key"
        yield joined, f"{condition} and {node}.key between {key} and {key}" if key else condition


def briefs(context: Context, node: str) -> Iterator[tuple[str, str]]:
    """As `nodes`, but from what the index has at hand of each node: key, kind, account, region, from_commit, and where
    documents are looked into `common`, and `body` at the price of a document. What the index is behind on is looked at.
    """
    looked = node in context.documents
    then = f"{node}.from_commit <= {context.commit}" if context.picture.past else "true"
    common = ", b.common, (select body from document where node = b.key) as body" if looked else ""
    known = f"(select b.key, b.kind, b.account, b.region, b.from_commit{common} from brief b) {node}"
    yield known, f"{node}.key not in (select node from stale) and {then}"
    columns = f"n.key, n.kind, n.account, n.region{', d.common, d.body' if looked else ''}"
    document = " cross join {} d on d.node between n.key and n.key" if looked else ""
    waiting = f"stale s cross join node n not indexed on n.key between s.node and s.node{document.format('document')}"
    yield f"(select {columns}, n.from_commit from {waiting}) {node}", then
    if context.picture.past:
        yield f"(select {columns} from temp.past_node n{document.format('temp.past_document')}) {node}", "true"


def since(context: Context, node: str) -> Iterator[tuple[int, str, str]]:
    """What differs between the nodes of the present and those at the commit: (-1 for one that came since and 1 for one
    that was there, table, condition). They have a kind, an account and a region.
    """
    came = f"{node}.from_commit > {context.commit}"
    yield -1, f"brief {node}", f"{node}.key not in (select node from stale) and {came}"
    yield -1, f"stale s cross join node {node} not indexed on {node}.key between s.node and s.node", came
    yield 1, f"temp.past_node {node}", "true"


def _node_tables(context: Context, node: str) -> Iterator[tuple[str, str, str]]:
    trusted = complete(context, node) if context.picture.complete_only else ""
    if not context.picture.past:
        yield "node", "document", trusted or "true"
        return
    since = f"{node}.from_commit <= {context.commit}"
    yield "node", "document", f"{since} and {trusted}" if trusted else since
    yield "temp.past_node", "temp.past_document", trusted or "true"


def edges(context: Context, edge: str) -> list[Source]:
    if not context.picture.past:
        return [Source("edge", "true")]
    return [Source("edge", f"{edge}.from_commit <= {context.commit}"), Source("temp.past_edge", "true")]


def handles(context: Context, handle: str) -> list[Source]:
    if not context.picture.past:
        return [Source("handle", "true")]
    return [Source("handle", f"{handle}.from_commit <= {context.commit}"), Source("temp.past_handle", "true")]


def known(context: Context, key: str) -> str:
    """Whether a key is that of a node in the picture."""
    node = context.alias("k")
    found = [
        f"exists (select 1 from {table} {node} where {node}.key = {key} and {condition})"
        for table, _, condition in _node_tables(context, node)
    ]
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def state(context: Context, node: str) -> str:
    """The state of a node's scope."""
    now = f"(select state from scope where id = {node}.scope)"
    if not context.picture.past:
        return now
    at = context.commit
    then = f"select state from scope_history where scope = {node}.scope and from_commit <= {at} and to_commit > {at}"
    return f"coalesce(({then}), {now})"


def complete(context: Context, node: str) -> str:
    return f"{state(context, node)} = 'complete'"
