-- What the answers of a scope's last complete reading were, in bytes that its collector understands. `value` is empty
-- where what the scope holds is not just what that reading made; `turn` counts how often another hand touched it.

create table imprint (
  scope integer primary key,
  value blob not null,
  turn  integer not null
) strict;
