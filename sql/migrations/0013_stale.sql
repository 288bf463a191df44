-- What waits again for another reason than a new recipe.

-- stale: since the item was judged a person said something else of it, or something else stands beside it. The outcome
-- stays in force, and the item waits. Noticed when its tool starts.
alter table outcome add column stale integer not null default 0 check (stale in (0, 1));
drop index outcome_funnel;
create index outcome_funnel on outcome (step_id, kind, recipe_id, stale, status, reason, passed, seconds) where latest and live;
