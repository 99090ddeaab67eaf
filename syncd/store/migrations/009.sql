-- What providers told that nobody understood: kept for people to look at, since it is not told again.

create table set_aside (
  id        integer primary key,
  at        text not null,
  collector text not null,
  queue     text not null,
  message   text not null,                   -- the provider's own name of it
  reason    text not null,
  body      text not null,                   -- its beginning
  unique (collector, queue, message)
) strict;
