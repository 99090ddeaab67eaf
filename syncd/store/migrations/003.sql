-- The past, exactly as it was: names that edges point at, scopes that are gone, and from where on the past is whole.

-- 0: known since before this schema.
alter table handle add column from_commit integer not null default 0;

-- Closed versions only: the open one is the row of handle.
create table handle_history (
  key         integer not null,
  node        integer not null,
  from_commit integer not null,
  to_commit   integer not null
) strict;
create index handle_history_key on handle_history (key);
create index handle_history_node on handle_history (node);
create index handle_history_to on handle_history (to_commit);

-- What was valid at a commit ended after it. These trees grow at their end only, so that they cost next to nothing.
create index node_history_to on node_history (to_commit, kind, from_commit);
create index edge_history_to on edge_history (to_commit);

-- Scopes that were forgotten: history refers to them, so that their numbers are never given again.
create table scope_gone (
  id        integer primary key,
  collector text not null,
  account   text not null,
  region    text not null,
  name      text not null,
  to_commit integer not null
) strict;

create view scope_ever as
  select id, collector, account, region, name from scope
  union all
  select id, collector, account, region, name from scope_gone;

-- Scopes that were forgotten by an earlier syncd left these behind. An edge without a scope never went; a resource that
-- went while another scope saw it never came back.
insert into edge_history
  select src, type, dst, scope, from_commit, (select value from counter where name = 'commit') from edge
   where scope not in (select id from scope) and from_commit < (select value from counter where name = 'commit');
delete from edge where scope not in (select id from scope);
delete from sighting where scope not in (select id from scope) or node not in (select key from node);

-- Which kinds the scopes of this name can yield: says in which of them a kind could lie, even where they hold nothing.
create table scope_kind (
  collector text not null,
  name      text not null,
  kind      text not null,
  primary key (collector, name, kind)
) strict, without rowid;

-- From which commit on the past of a kind can be asked; '' stands for edges and for every kind.
create table horizon (
  kind        text primary key,
  from_commit integer not null
) strict, without rowid;
