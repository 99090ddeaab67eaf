-- A search of the past looks into the history itself, by kind and along edges, no further back than it must.
create index node_history_kind on node_history (kind, to_commit);
drop index edge_history_src;
drop index edge_history_dst;
create index edge_history_src on edge_history (src, to_commit);
create index edge_history_dst on edge_history (dst, to_commit);

-- The version that an entry of the index is of, 0 where that is not known.
alter table indexed add column from_commit integer not null default 0;

-- What entries were of that mean nothing any more for the present: a search of the past begins with them.
create table indexed_past (
  id          integer primary key,
  node        integer not null,
  from_commit integer not null
) strict;
create index indexed_past_node on indexed_past (node, from_commit);
