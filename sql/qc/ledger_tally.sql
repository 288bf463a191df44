-- The manifest's tally is right.
-- Ledger, error. What it keeps of how many outcomes are in force, by step, kind and fate, is what a count of them gives.
-- Remedy: Somebody wrote to the manifest past its triggers: put a backup of it back.
with counted as (
    select step_id, kind, recipe_id, stale, status, coalesce(reason, '') as reason, passed, count(*) as n
    from outcome
    where latest and live
    group by step_id, kind, recipe_id, stale, status, reason, passed
),
both as (
    select step_id, kind, recipe_id, stale, status, reason, passed, n, 0 as tallied from counted
    union all
    select step_id, kind, recipe_id, stale, status, reason, passed, 0, n from tally
)
select
    null as item_id, trim(step.tool || ' ' || step.dataset) || ', ' || both.kind as path,
    printf('%d are in force, %d are tallied.', sum(both.n), sum(both.tallied)) as detail
from both
join step on step.id = both.step_id
group by step_id, kind, recipe_id, stale, status, reason, passed
having sum(both.n) <> sum(both.tallied)
order by step.position, step.dataset, both.kind, both.status, both.reason;
