-- Overview runs: the last times that a tool worked, newest first.
-- before: the run of the same step before it, null for the first one.
select
    run.id, step.tool, step.dataset, run.status, run.started_at, run.seconds, run.n_ok, run.n_rejected, run.n_failed,
    (select max(earlier.id) from run as earlier where earlier.step_id = run.step_id and earlier.id < run.id) as before
from run
join step on step.id = run.step_id
order by run.id desc
limit :limit;
