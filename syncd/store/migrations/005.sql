-- Rules, and what is told of them.

-- Who matches which rule. pending: not for long enough yet; firing: told, `event` is its rule.matched.
create table rule_match (
  rule     text not null,
  node     integer not null,
  state    text not null check (state in ('pending','firing')),
  since    text not null,                    -- it has matched from then on
  runs     integer not null,                 -- evaluations in which it did
  event    integer not null default 0,
  targets  text not null default '[]',       -- JSON: who was told, and hears of the end as well
  resource text not null,                    -- JSON: what is told of it, for when it is gone
  primary key (rule, node)
) strict, without rowid;
create index rule_match_node on rule_match (node);
create index rule_match_pending on rule_match (rule, node) where state = 'pending';

-- Nodes whose answer differs from what is told of them, and may not be believed yet: they are asked again.
create table rule_doubt (
  rule text not null,
  node integer not null,
  primary key (rule, node)
) strict, without rowid;

-- What each rule has seen. number: the commit up to which; fingerprint: of what the rule said then.
create table rule_state (
  rule        text primary key,
  fingerprint text not null default '',
  evaluated   text not null default '',
  number      integer not null default 0,
  took        real not null default 0,       -- seconds
  problem     text not null default '',      -- why it could not be evaluated
  switch      text not null default '' check (switch in ('','enabled','disabled')),  -- by command
  silent_until text not null default ''
) strict, without rowid;

-- One event on its way to one target for one rule. notice 0: it waits for more of its group.
create table delivery (
  target   text not null,
  rule     text not null,
  event    integer not null,
  node     integer not null,                 -- 0 for none
  change   text not null check (change in ('begin','cease','happened')),
  grouped  text not null,                    -- JSON: what it is grouped by
  asked    text not null,                    -- when it was put here
  notice   integer not null default 0,
  primary key (target, rule, event)
) strict, without rowid;
create index delivery_notice on delivery (notice);
create index delivery_node on delivery (target, node, rule);

-- What is sent: the same body and uid on every attempt.
create table notice (
  id       integer primary key,
  uid      text not null unique,
  target   text not null,
  rule     text not null,
  incident text not null,
  state    text not null check (state in ('due','done','dead')),
  made     text not null,
  due      text not null,
  attempts integer not null default 0,
  finished text not null default '',
  reason   text not null default '',         -- of the last attempt that failed
  answer   text not null default '',
  body     text not null                     -- JSON: syncd/notice.py
) strict;
create index notice_due on notice (state, due);
create index notice_incident on notice (target, incident);
-- What is still to be sent, in its order: nothing that ended is looked at for it, however much of that is kept.
create index notice_open on notice (target, id) where state = 'due';
create index notice_open_incident on notice (target, incident, id) where state = 'due';
insert into counter values ('notice', 0);

-- What a target's last receipt said of an incident.
create table target_memory (
  target   text not null,
  incident text not null,
  memory   text not null,                    -- JSON
  at       text not null,
  primary key (target, incident)
) strict, without rowid;
