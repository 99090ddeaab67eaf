"""Briefs of nodes: kind, place, common properties and the signature of the document, in a table by kind.

Made with the index of searches and of the present alone: each node has its brief, or waits in `stale`.
"""

import sqlite3

import orjson

from syncd.search.signature import signed
from syncd.store.rows import insert

_INDEXED = """
select i.kind, i.node, i.id, i.from_commit, n.account, n.region, d.common, d.body
  from temp.indexing s cross join indexed i on i.node = s.node cross join node n on n.key = i.node
  cross join document d on d.node = i.node order by i.kind, i.node
"""


def write(connection: sqlite3.Connection) -> None:
    """Of the nodes in temp.indexing, which have new entries."""
    rows = [
        (*row[:7], *signed(orjson.loads(text) for text in row[6:])) for row in connection.execute(_INDEXED).fetchall()
    ]
    insert(connection, "insert into brief", rows)


def forget(connection: sqlite3.Connection, nodes: str) -> None:
    """`nodes`: what follows `node` in a condition on entries that are to go."""
    of = f"select kind, node from indexed where node {nodes}"
    connection.execute(f"delete from brief where (kind, key) in ({of})")
