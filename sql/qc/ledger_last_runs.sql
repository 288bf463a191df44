-- The last run of every step came to its end.
-- Ledger, warning. It was not interrupted, killed or broken off, so that nothing was left undone.
-- Remedy: Type make all: it goes on from there.
select
    null as item_id, trim(step.tool || ' ' || step.dataset) as path,
    printf('Run %d, begun at %s, was %s.', run.id, run.started_at, run.status) as detail
from step
join run on run.id = (select max(id) from run as latest where latest.step_id = step.id)
where step.active and run.status in ('broken', 'interrupted', 'killed')
order by step.position, step.dataset;
