-- What searches that read many resources need of each, close together and by kind: see docs/decisions/0023. It is of the
-- present alone; a node is here or in `stale`. s0 … s7 are the signature of its document (syncd/search/signature.py).
create table brief (
  kind        integer not null,
  key         integer not null,              -- of the node
  entry       integer not null,              -- of the index
  from_commit integer not null,
  account     text not null,
  region      text not null,
  common      text not null,
  s0 integer not null, s1 integer not null, s2 integer not null, s3 integer not null,
  s4 integer not null, s5 integer not null, s6 integer not null, s7 integer not null,
  primary key (kind, key)
) strict, without rowid;
create index brief_since on brief (from_commit);

-- The kind under which a node's brief stands.
alter table indexed add column kind integer not null default 0;

-- Closed versions of which the index has no entry, up to the commit of the counter `past`: a search of the past looks at them.
create table bare (
  to_commit   integer not null,
  node        integer not null,
  from_commit integer not null,
  primary key (to_commit, node, from_commit)
) strict, without rowid;
insert into counter values ('past', 0);

-- The index is made anew, with briefs.
delete from property;
delete from indexed;
delete from indexed_past;
update counter set value = 0 where name = 'index';
drop table if exists words;
insert or ignore into stale select key from node;
