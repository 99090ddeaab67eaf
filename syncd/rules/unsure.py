"""Whose answers may come of something that was not seen: of them nothing is told, whatever they say."""

import sqlite3
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import orjson

from syncd.rules.reach import Hop, Kinds, Reach, touched, within_account
from syncd.search import sources
from syncd.search.ancestors import ancestor
from syncd.search.context import Context, Picture
from syncd.search.schema import Schema

_NODES = "json_each(:keys) j cross join node n cross join scope s where n.key = j.value and s.id = n.scope"
_UNCERTAIN = f"select n.key, s.id, s.state from {_NODES} and s.state <> 'complete'"
_SILENT = (
    "select id from scope s where state = 'partial' "
    "and not exists (select 1 from node where scope = s.id and unseen <> '')"
)
_UNSEEN = "select n.key, n.unseen from json_each(:keys) j cross join node n where n.key = j.value and n.unseen <> ''"
_BLIND = (
    "select s.collector, s.account, k.kind from scope s "
    "left join scope_kind k on (k.collector, k.name) = (s.collector, s.name) "
    "where s.state <> 'complete' and not (s.state = 'disabled' and s.nodes = 0)"
)
_ACCOUNTS = f"select n.key, s.collector, s.account, n.account from {_NODES}"

_THEN = (
    "json_each(:keys) j cross join (select key, scope, account from node where from_commit <= :commit "
    "union all select key, scope, account from temp.past_node) n cross join scope_ever s "
    "where n.key = j.value and s.id = n.scope"
)
_STATE = """coalesce(
  (select state from scope_history where scope = s.id and from_commit <= :commit and to_commit > :commit),
  (select state from scope where id = s.id))"""
_BEGAN = """coalesce(
  (select since from scope_history where scope = s.id and from_commit <= :commit and to_commit > :commit),
  (select since from scope where id = s.id))"""
_UNCERTAIN_THEN = f"select n.key, s.id, {_STATE} from {_THEN} and {_STATE} <> 'complete'"
_BLIND_THEN = f"""
select s.collector, s.account, k.kind from scope_ever s
  left join scope_kind k on (k.collector, k.name) = (s.collector, s.name)
 where {_STATE} <> 'complete' and {_BEGAN} <= (select at from commit_log where number = :commit)
   and not ({_STATE} = 'disabled' and coalesce((select nodes from scope where id = s.id), 0) = 0)"""
_ACCOUNTS_THEN = f"select n.key, s.collector, s.account, n.account from {_THEN}"
UNKNOWN = "unknown"
"""The account of a scope that stands for accounts that could not be discovered."""
Account = tuple[str, str]


@dataclass(frozen=True)
class Seen:
    """What is known of coverage at one moment. `connection` stays at it.

    `commit`: the picture of the past that is loaded. Which facets were unseen then nobody knows any more: a scope that
    was partial is taken as seen.
    """

    connection: sqlite3.Connection
    schema: Schema
    now: datetime
    commit: int | None = None

    def unsure(self, nodes: Iterable[int], of: Reach) -> set[int]:
        """Those of these nodes of which something was not seen that the search reads of them.

        A scope that is partial was listed whole: its nodes say by themselves what is missing. Who asks for coverage
        is answered, whatever it is.
        """
        found = set() if of.coverage else self._uncertain(nodes)
        for key, unseen in self._rows(_UNSEEN, nodes) if self.commit is None else ():
            if of.reads is None or of.reads & set(unseen.split(",")):
                found.add(key)
        return found

    def _uncertain(self, nodes: Iterable[int]) -> set[int]:
        rows = self._rows(_UNCERTAIN if self.commit is None else _UNCERTAIN_THEN, nodes)
        return {key for key, scope, state in rows if state != "partial" or scope in self._silent}

    @cached_property
    def _silent(self) -> frozenset[int]:
        """Partial scopes of which no node says what is missing."""
        return frozenset(scope for (scope,) in self._rows(_SILENT)) if self.commit is None else frozenset()

    def hidden(self, nodes: Set[int], of: Reach) -> set[int]:
        """Those of these nodes around which something may lie that was not seen and that the search looks at.

        A node above or beside that is known and seen is the one that is meant; where there is none it may be missing.
        """
        if of.local or not nodes or not self.blind:
            return set()
        if not of.single:
            return set(nodes)
        found = self._around(nodes, tuple(hop for hop in of.hops if not hop.nearest))
        for kind in sorted({hop.nearest for hop in of.hops} - {""}):
            lacking = self._lacking(nodes - found, kind)
            found |= self._around(lacking, tuple(hop for hop in of.hops if hop.nearest == kind))
        for place in of.places:
            found |= self._within(nodes - found, self._blind_to(self._below(place)))
        return found

    def _around(self, nodes: Set[int], hops: tuple[Hop, ...]) -> set[int]:
        found: set[int] = set()
        for hop in hops:
            blind = self._blind_to(touched((hop,)))
            if blind and not within_account((hop,)):
                return set(nodes)
            found |= self._within(nodes, blind)
        return found

    def _within(self, nodes: Iterable[int], blind: set[Account]) -> set[int]:
        """What is looked at lies in the node's own account."""
        if not blind:
            return set()
        return {
            key
            for key, collector, seen, account in self._rows(_ACCOUNTS if self.commit is None else _ACCOUNTS_THEN, nodes)
            if {(collector, seen), (collector, account), (collector, UNKNOWN)} & blind
        }

    def _lacking(self, nodes: Set[int], kind: str) -> set[int]:
        """Those of these nodes of which no node of the kind above or beside is known and in a complete scope."""
        context = Context("", self.schema, Picture(self.commit), self.now)
        listed = context.bind(orjson.dumps(sorted(nodes)).decode())
        found: set[int] = set()
        for table, ok in sources.nodes(context, "n", key="j.value"):
            nearest = ancestor(context, "n", kind)
            is_seen = sources.complete(context, "a")
            seen = " or ".join(
                f"exists (select 1 from {other} where {good} and a.key = {nearest} and {is_seen})"
                for other, good in sources.nodes(context, "a")
            )
            query = f"select n.key from json_each({listed}) j cross join {table} where {ok} and not ({seen})"
            found |= {key for (key,) in self.connection.execute(query, context.values)}
        return found

    def _blind_to(self, kinds: Kinds) -> set[Account]:
        """Accounts in which something of these kinds may not have been seen."""
        wanted = self.blind if kinds is None else {None, *kinds} & self.blind.keys()
        return {account for kind in wanted for account in self.blind[kind]}

    def _below(self, base: str) -> frozenset[str]:
        rows = self.connection.execute("select kind from kind_base where base = ?", (base,))
        return frozenset(kind for (kind,) in rows)

    @cached_property
    def blind(self) -> dict[str | None, set[Account]]:
        """Kind → accounts with scopes that could hold it and are not complete; None: scopes that say nothing of kinds.

        A service that is not enabled and held nothing holds nothing.
        """
        found: dict[str | None, set[Account]] = {}
        for collector, account, kind in self._rows(_BLIND if self.commit is None else _BLIND_THEN):
            found.setdefault(kind, set()).add((collector, account))
        return found

    def _rows(self, query: str, nodes: Iterable[int] = ()) -> sqlite3.Cursor:
        values = {"keys": orjson.dumps(sorted(nodes)).decode(), "commit": self.commit}
        return self.connection.execute(query, values)
