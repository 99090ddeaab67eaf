-- The index of searches: what it says of a node is checked against the node, so that it may be behind, never wrong.

-- Nodes that are new or differ from what the index holds of them.
create table stale (
  node integer primary key
) strict;
insert into stale select key from node;

-- An entry of the index is made once and never changed: a node that differs gets a new one, and the old one means nothing.
create table indexed (
  id   integer primary key,                  -- never given twice: see counter
  node integer not null unique
) strict;
insert into counter values ('index', 0);

create table property_name (
  id   integer primary key,
  name text not null unique                  -- name, id, tags.KEY, or a common property
) strict;

create table property (
  name  integer not null,
  value any not null,
  entry integer not null,
  primary key (name, value, entry)
) strict, without rowid;

-- Names that volatile documents hold: they change without a commit, and are not indexed.
create table moving (
  name text primary key
) strict, without rowid;
insert or ignore into moving select j.key from volatile v, json_each(v.body) j;

-- Counting by kind, account and region reads nothing but this.
drop index node_kind;
create index node_place on node (kind, account, region);
