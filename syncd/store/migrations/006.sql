-- Plans: what is to be done to resources, what was done, and what must not be touched.

create table plan (
  id       integer primary key,
  made     text not null,
  maker    text not null,                    -- user, or the rule's daemon
  rule     text not null,                    -- '' when made by hand
  mode     text not null check (mode in ('plan','auto')),
  search   text not null,
  act      text not null,                    -- JSON: verb and templates, as they were asked for
  caps     text not null,                    -- JSON: the bounds under which it was made
  state    text not null check (state in ('planned','applying','applied','discarded','expired','failed')),
  reason   text not null default '',
  expires  text not null,
  applier  text not null default '',         -- who applied or discarded it
  applied  text not null default '',         -- when that began
  finished text not null default '',
  notice   text not null default ''          -- uid of the notice that asked for it: each makes one plan, however often it comes
) strict;
create index plan_state on plan (state);
create unique index plan_notice on plan (notice) where notice <> '';
insert into counter values ('plan', 0);

-- doing: was begun and not recorded as ended. unknown: it is not known whether it was done.
create table plan_item (
  plan     integer not null references plan on delete cascade,
  position integer not null,
  node     integer not null,
  scope    text not null,                    -- key
  hash     blob not null,                    -- of the resource as the plan saw it
  resource text not null,                    -- JSON: kind, id, name, urn, account, account_name, region
  act      text not null,                    -- JSON: with its values
  before   text not null,                    -- JSON: tags, as the plan saw them; as the act found them once it began
  after    text not null,                    -- JSON: tags, as they are to be; as they were read back once it is done
  state    text not null check (state in ('planned','doing','done','refused','failed','skipped','unknown')),
  reason   text not null default '',
  began    text not null default '',
  ended    text not null default '',
  primary key (plan, position)
) strict, without rowid;

create table protected (
  node   integer primary key,
  urn    text not null,
  maker  text not null,
  at     text not null,
  reason text not null
) strict;
