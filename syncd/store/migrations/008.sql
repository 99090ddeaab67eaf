-- A search of the past looks into the history itself, by kind and along edges, no further back than it must.
create index node_history_kind on node_history (kind, to_commit);
drop index edge_history_src;
drop index edge_history_dst;
create index edge_history_src on edge_history (src, to_commit);
create index edge_history_dst on edge_history (dst, to_commit);
