-- Empty scopes that are not asked in each run: up to when all of a place were asked whenever it was their turn.
-- read_at says since then: each of them was asked at this time or later.

alter table scope_quiet add column served_at text not null default '';
