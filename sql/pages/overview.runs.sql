-- Overview runs: the last times that a tool worked, newest first.
select
    run.id, step.tool, step.dataset, run.status, run.started_at, run.seconds, run.n_ok, run.n_rejected, run.n_failed
from run
join step on step.id = run.step_id
order by run.id desc
limit :limit;
