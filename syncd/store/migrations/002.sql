-- The daemon: runs that were asked for and have not begun, and when each entry of the schedule was last started.

create table request (
  id        integer primary key,
  asked     text not null,
  trigger   text not null,                   -- schedule, control, …: why
  asker     text not null,                   -- the entry of the schedule, or the user
  workflow  text not null,
  selection text not null,                   -- JSON: collectors, accounts, regions, kinds, scopes
  accept    text not null                    -- JSON array of scope keys
) strict;
insert into counter values ('request', 0);

create table schedule (
  name    text primary key,
  started text not null
) strict, without rowid;

-- The steps of a run: what the barrier after each waited for.
create table step (
  run      integer not null,
  position integer not null,
  name     text not null,
  started  text not null,
  finished text not null default '',
  state    text not null,                    -- running, done, failed, late, interrupted
  answers  text not null default '[]',       -- JSON: subscriber, state, message, seconds
  primary key (run, position)
) strict, without rowid;

alter table run add column workflow text not null default 'collect';
alter table run add column request integer not null default 0;
alter table run add column selection text not null default '{}';
