"""The index of searches: properties, tags and words of nodes, made after the fact and in small steps.

It would cost a sync a third of its work, so the daemon makes it when it has nothing else to do. Until then a search
looks at the nodes in `stale` themselves, and it checks whatever the index tells it: no answer depends on the index.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import orjson

from syncd.kinds import BASE_KINDS
from syncd.store import brief, indexing
from syncd.store.indexing import BATCH, Wanted
from syncd.store.journal import advance
from syncd.store.rows import insert

STEP = 1_000
"""Nodes of one transaction: a sync that wants to write meanwhile waits for a fifth of a second."""
LONGEST = 200
"""Characters of a text that is indexed; longer ones are looked for in the documents."""
COMMON = frozenset(name for kind in BASE_KINDS for name in kind.properties) - {"tags", "kind"}
DEAD_SHARE = 0.5
"""Of the entries: with more that mean nothing any more the index is made anew."""

WORDS = "create virtual table words using fts5 (text, content = '', detail = none, tokenize = 'ascii', prefix = '1')"
NAMES = f"""
insert or ignore into property_name (name)
select distinct 'tags.' || j.key from {BATCH} b cross join document d on d.node = b.node, json_each(d.tags) j
union select value from json_each(:common)
union values ('name'), ('id')
"""
PROPERTIES = f"""
insert or ignore into property
select p.id, j.value, b.id from {BATCH} b cross join document d on d.node = b.node, json_each(d.tags) j
  join property_name p on p.name = 'tags.' || j.key where length(j.value) <= {LONGEST}
union all
select p.id, j.value, b.id from {BATCH} b cross join document d on d.node = b.node, json_each(d.common) j
  join property_name p on p.name = j.key where length(j.value) <= {LONGEST}
union all
select p.id, j.value, b.id from {BATCH} b cross join document d on d.node = b.node, json_each(d.body) j
  join property_name p on p.name = j.key where length(j.value) <= {LONGEST}
union all
select p.id, n.name, b.id from {BATCH} b cross join node n on n.key = b.node
  join property_name p on p.name = 'name' where length(n.name) <= {LONGEST}
union all
select p.id, n.id, b.id from {BATCH} b cross join node n on n.key = b.node
  join property_name p on p.name = 'id' where length(n.id) <= {LONGEST}
order by 1, 2, 3
"""
TEXTS = f"""
insert into words (rowid, text)
select b.id, n.name || ' ' || n.id || ' ' || n.urn || ' ' || d.tags || ' ' || d.common
  from {BATCH} b cross join node n on n.key = b.node cross join document d on d.node = b.node
 order by 1
"""


ENTRIES = """
insert into indexed
select ? + row_number() over (order by s.node), s.node, ifnull(n.from_commit, 0), ifnull(n.kind, 0)
  from temp.indexing s left join node n on n.key = s.node
"""
CLOSED = "insert into indexed_past select id, node, from_commit from indexed where from_commit > 0 and node"
"""An entry goes from the present to the past. The version that it is of is closed, or will be."""


BARE = """
insert or ignore into bare select h.to_commit, h.node, h.from_commit from node_history h
 where h.to_commit > (select value from counter where name = 'past') and h.to_commit <= :last
   and not exists (select 1 from indexed_past i where (i.node, i.from_commit) = (h.node, h.from_commit))
"""
"""They came and went between two steps, or were closed before the index was made anew."""


def changed(connection: sqlite3.Connection, keys: Iterable[int]) -> None:
    """These nodes are new or differ."""
    insert(connection, "insert or ignore into stale", [(key,) for key in sorted(keys)])


def gone(connection: sqlite3.Connection, key: int) -> None:
    connection.execute("delete from stale where node = ?", (key,))
    connection.execute(f"{CLOSED} = ?", (key,))
    brief.forget(connection, f"= {int(key)}")
    connection.execute("delete from indexed where node = ?", (key,))


def moves(connection: sqlite3.Connection, documents: Iterable[str]) -> None:
    """These volatile documents are written: what they hold is not to be indexed."""
    names = {name for document in documents for name in orjson.loads(document)}
    insert(connection, "insert or ignore into moving", [(name,) for name in sorted(names)])


def step(connection: sqlite3.Connection, wanted: Sequence[Wanted] = ()) -> int:
    """Indexes the next nodes in the running transaction. Returns how many; 0 when there is nothing to do.

    `wanted`: properties of documents that are to be in the index, and no others.
    """
    if _worn(connection):
        _empty(connection)
    plan = indexing.planned(connection, wanted)
    if done := indexing.sweep(connection) or indexing.make_up(connection, plan, STEP):
        return done
    connection.execute("create temp table if not exists indexing (node integer primary key)")
    connection.execute("delete from temp.indexing")
    connection.execute("insert into indexing select node from main.stale order by node limit ?", (STEP,))
    count = int(connection.execute("select count(*) from temp.indexing").fetchone()[0])
    if not count:
        return _bare(connection)
    connection.execute(f"{CLOSED} in (select node from temp.indexing)")
    brief.forget(connection, "in (select node from temp.indexing)")
    connection.execute("delete from indexed where node in (select node from temp.indexing)")
    last = advance(connection, "index", count)
    connection.execute(ENTRIES, (last - count,))
    connection.execute(NAMES, {"common": orjson.dumps(sorted(COMMON)).decode()})
    connection.execute(PROPERTIES)
    if _has_words(connection):
        connection.execute(TEXTS)
    brief.write(connection)
    indexing.fill(connection, plan, last - count, last)
    connection.execute("delete from stale where node in (select node from temp.indexing)")
    return count


def _bare(connection: sqlite3.Connection) -> int:
    """With nothing left to index: notes which versions closed since the last time have no entry. Returns 0."""
    last = int(connection.execute("select value from counter where name = 'commit'").fetchone()[0])
    connection.execute(BARE, {"last": last})
    connection.execute("update counter set value = ?1 where name = 'past' and value < ?1", (last,))
    return 0


def _has_words(connection: sqlite3.Connection) -> bool:
    """Full text needs FTS5, which not every SQLite was built with; without it documents are looked through."""
    if connection.execute("select 1 from sqlite_master where name = 'words'").fetchone():
        return True
    try:
        connection.execute(WORDS)
    except sqlite3.OperationalError:
        return False
    return True


def _worn(connection: sqlite3.Connection) -> bool:
    """Whether so many entries mean nothing any more that starting anew is cheaper than keeping them."""
    made = int(connection.execute("select value from counter where name = 'index'").fetchone()[0])
    live = int(connection.execute("select count(*) from indexed").fetchone()[0])
    return made > STEP and live < made * (1 - DEAD_SHARE)


def _empty(connection: sqlite3.Connection) -> None:
    connection.execute("delete from property")
    connection.execute("delete from brief")
    connection.execute("delete from indexed")
    connection.execute("delete from indexed_past")
    connection.execute("delete from bare")
    connection.execute("update counter set value = 0 where name in ('index', 'past')")
    connection.execute("drop table if exists words")
    connection.execute("insert or ignore into stale select key from node")
