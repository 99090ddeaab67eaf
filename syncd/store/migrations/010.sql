-- A scope's name is text for every program: DuckDB takes what json_each gives for JSON.
drop view coverage;
create view coverage as
  select collector, account, region, name, state, since, read_at, tried_at, reason, operation, permission, missing, nodes,
         collector || '/' || account || '/' || region || '/' || name as scope
    from scope
  union all
  select q.collector, q.account, q.region, cast(j.value as text), 'complete', q.read_at, q.read_at, q.read_at,
         '', '', '', 0, 0, q.collector || '/' || q.account || '/' || q.region || '/' || j.value
    from scope_quiet q, json_each(q.names) j;
