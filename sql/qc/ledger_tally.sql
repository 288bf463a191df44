-- The manifest's tally is right.
-- Ledger, error. What it keeps of how many outcomes are in force, by step, kind and fate, is what a count of them gives.
-- Remedy: Somebody wrote to the manifest past its triggers: put a backup of it back.
with both as (
    select step_id, kind, recipe_id, stale, status, coalesce(reason, '') as reason, passed, count(*) as n, 0 as tallied
    from outcome
    where latest and live
    group by step_id, kind, recipe_id, stale, status, reason, passed
    union all
    select step_id, kind, recipe_id, stale, status, reason, passed, 0, n from tally
),
wrong as (
    select step_id, kind, sum(n) as n, sum(tallied) as tallied
    from both
    group by step_id, kind, recipe_id, stale, status, reason, passed
    having sum(n) <> sum(tallied)
)
select
    null as item_id, trim(step.tool || ' ' || step.dataset) || ', ' || wrong.kind as path,
    printf('%d are in force, %d are tallied.', wrong.n, wrong.tallied) as detail
from wrong
join step on step.id = wrong.step_id
order by step.position, step.dataset, wrong.kind, wrong.n, wrong.tallied;
