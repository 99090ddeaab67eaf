-- The first schema. Times are ISO 8601 text in UTC; "commit" is the number of the writing transaction (see counter).

create table meta (
  name  text primary key,
  value text not null
) strict, without rowid;

-- Gapless numbers: taken in the same transaction as what they number.
create table counter (
  name  text primary key,
  value integer not null
) strict, without rowid;
insert into counter values ('commit', 0), ('event', 0), ('run', 0);

create table kind (
  id   integer primary key,
  name text not null unique
) strict;

-- Closure: every kind with itself and all its base kinds.
create table kind_base (
  kind text not null,
  base text not null,
  primary key (kind, base)
) strict, without rowid;

-- A type whose edges are stated by their target ends in '<' (containment); label is the name that people see.
create table edge_type (
  id    integer primary key,
  name  text not null unique,
  label text generated always as (rtrim(name, '<')) virtual
) strict;

-- Coverage: a row for each scope that holds something or is not complete.
create table scope (
  id          integer primary key,
  collector   text not null,
  account     text not null,
  region      text not null,
  name        text not null,
  state       text not null check (state in ('complete','partial','denied','failed','disabled','held','retired','never')),
  since       text not null,                 -- when this state began
  read_at     text not null default '',      -- the last complete or partial reading
  tried_at    text not null default '',      -- the last attempt
  expires     text not null default '',      -- disabled: not asked again before this time
  reason      text not null default '',
  operation   text not null default '',
  permission  text not null default '',
  missing     integer not null default 0,    -- nodes for which a facet could not be read
  baseline    integer not null default 0,    -- 1 once a first reading was committed
  fingerprint text not null default '',
  nodes       integer not null default 0,
  run         integer not null default 0,
  unique (collector, account, region, name)
) strict;

-- The complete and empty scopes of an (account, region) share one row.
create table scope_quiet (
  collector text not null,
  account   text not null,
  region    text not null,
  names     text not null,                   -- JSON array of scope names
  read_at   text not null,
  primary key (collector, account, region)
) strict, without rowid;

create table scope_history (
  scope        integer not null,
  from_commit  integer not null,
  to_commit    integer not null,
  state        text not null,
  since        text not null,
  reason       text not null,
  primary key (scope, from_commit)
) strict, without rowid;

-- key: 63 bits, the same for the same URN everywhere and always (docs/store.md).
create table node (
  key         integer primary key,
  scope       integer not null,
  kind        integer not null,
  urn         text not null,
  id          text not null,
  name        text not null,
  account     text not null,
  region      text not null,
  zone        text not null,
  created_at  text not null,                 -- as the provider says
  updated_at  text not null,
  first_seen  text not null,
  changed_at  text not null,                 -- when syncd last saw it change
  from_commit integer not null,              -- this version is valid from here
  hash        blob not null,
  facets      text not null default '',      -- top-level keys joined by ',', see docs/store.md
  unseen      text not null default '',
  never       text not null default ''
) strict;
create index node_scope on node (scope);
create index node_kind on node (kind);

create table document (
  node   integer primary key,
  tags   text not null,
  common text not null,
  body   text not null
) strict;

create table volatile (
  node integer primary key,
  body text not null,
  at   text not null
) strict;

-- Another name under which edges may point at a node.
create table handle (
  key  integer primary key,
  node integer not null
) strict;
create index handle_node on handle (node);

-- A node that a scope sees but does not own.
create table sighting (
  scope integer not null,
  node  integer not null,
  hash  blob not null,
  primary key (scope, node)
) strict, without rowid;
create index sighting_node on sighting (node);

-- Adjacency, both directions. An end may be the key of a handle or of a node not known yet: see the view `link`.
create table edge (
  src         integer not null,
  type        integer not null,
  dst         integer not null,
  scope       integer not null,
  from_commit integer not null,
  primary key (src, type, dst, scope)
) strict, without rowid;
create index edge_back on edge (dst, type, src);

-- Closed versions only: the open version of a node or edge is its row above. data: zlib of JSON.
create table node_history (
  node        integer not null,
  from_commit integer not null,
  to_commit   integer not null,
  kind        integer not null,
  data        blob not null
) strict;
create index node_history_node on node_history (node, from_commit);

create table edge_history (
  src         integer not null,
  type        integer not null,
  dst         integer not null,
  scope       integer not null,
  from_commit integer not null,
  to_commit   integer not null
) strict;
create index edge_history_src on edge_history (src);
create index edge_history_dst on edge_history (dst);

-- commit number -> when and by which run
create table commit_log (
  number integer primary key,
  at     text not null,
  run    integer not null
) strict;

create table event (
  seq    integer primary key,                -- 1, 2, 3 … without gaps
  at     text not null,
  run    integer not null,
  number integer not null,                   -- commit
  type   text not null,                      -- resource.created, scope.denied, run.finished …
  scope  text not null,                      -- scope key, '' for none
  node   integer not null,                   -- 0 for none
  urn    text not null,
  kind   text not null,
  name   text not null,
  body   text not null                       -- JSON; resource.updated: {"changes": [{"path", "old", "new"}]}
) strict;

create table run (
  id       integer primary key,
  started  text not null,
  finished text not null default '',
  state    text not null,                    -- running, complete, incomplete, failed, cancelled
  reason   text not null default '',
  trigger  text not null,
  summary  text not null default '{}'        -- JSON: scopes by state, nodes, created, updated, deleted, calls …
) strict;

create table scope_run (
  run       integer not null,
  scope     integer not null,
  state     text not null,
  started   text not null,
  seconds   real not null,
  calls     integer not null,
  retries   integer not null,
  throttles integer not null,
  bytes     integer not null,
  nodes     integer not null,
  created   integer not null,
  updated   integer not null,
  deleted   integer not null,
  reason    text not null default '',
  primary key (run, scope)
) strict, without rowid;

-- For people: `sqlite3 -readonly FILE 'select * from resource …'`.
create view resource as
  select n.key, k.name as kind, n.urn, n.id, n.name, n.account, n.region, n.zone, n.created_at, n.updated_at,
         n.first_seen, n.changed_at, d.tags, d.common, d.body as document, v.body as volatile,
         s.collector || '/' || s.account || '/' || s.region || '/' || s.name as scope,
         s.state as coverage, s.read_at, n.unseen
    from node n
    join kind k on k.id = n.kind
    join document d on d.node = n.key
    join scope s on s.id = n.scope
    left join volatile v on v.node = n.key;

-- Edges whose two ends are known, handles resolved, each once however many scopes saw it.
create view link as
  select distinct coalesce(s.node, e.src) as src, t.label as type, coalesce(d.node, e.dst) as dst
    from edge e
    join edge_type t on t.id = e.type
    left join handle s on s.key = e.src
    left join handle d on d.key = e.dst
   where exists (select 1 from node where key = coalesce(s.node, e.src))
     and exists (select 1 from node where key = coalesce(d.node, e.dst));

create view relation as
  select fk.name as from_kind, f.name as from_name, f.urn as from_urn, l.type,
         tk.name as to_kind, t.name as to_name, t.urn as to_urn
    from link l
    join node f on f.key = l.src join kind fk on fk.id = f.kind
    join node t on t.key = l.dst join kind tk on tk.id = t.kind;

create view coverage as
  select collector, account, region, name, state, since, read_at, tried_at, reason, operation, permission, missing, nodes,
         collector || '/' || account || '/' || region || '/' || name as scope
    from scope
  union all
  select q.collector, q.account, q.region, j.value, 'complete', q.read_at, q.read_at, q.read_at, '', '', '', 0, 0,
         q.collector || '/' || q.account || '/' || q.region || '/' || j.value
    from scope_quiet q, json_each(q.names) j;
