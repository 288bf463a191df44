-- Runs that have not ended; one of them may have been killed.
select step.tool, step.dataset, run.started_at, run.pid, run.host
from run join step on step.id = run.step_id
where run.status = 'running'
order by run.id;
