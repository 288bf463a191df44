-- Every run has ended.
-- Ledger, error. No run is called running whose process is gone. Datasets that are configured no longer stand still, and
-- are not looked at.
-- Remedy: It was killed. Type make all: the next run clears what it left, and goes on.
select
    null as item_id, trim(step.tool || ' ' || step.dataset) as path,
    printf(
        'Run %d began at %s and never ended (process %d on %s).', run.id, run.started_at, run.pid, run.host
    ) as detail
from run
join step on step.id = run.step_id
where run.status = 'running' and step.active and step.tool not in (select tool from temp.busy)
order by run.id;
