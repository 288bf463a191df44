-- What a broken run left undone has been done.
-- Ledger, warning. The last run of a step was not interrupted, killed or broken off, or nothing waits for the step.
-- Remedy: Type make all: it goes on from there.
select
    null as item_id, trim(step.tool || ' ' || step.dataset) as path,
    printf('Run %d, begun at %s, was %s; %d wait.', run.id, run.started_at, run.status, sum(funnel.waiting)) as detail
from step
join run on run.id = (select max(id) from run as latest where latest.step_id = step.id)
join funnel on funnel.tool = step.tool and funnel.dataset = step.dataset
where run.status in ('broken', 'interrupted', 'killed')
group by step.id
having sum(funnel.waiting) > 0
order by step.position, step.dataset;
