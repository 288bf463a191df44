-- The last run of the tools that come before a step: while there is no later one, nothing else stands beside its items.
select coalesce(max(run.id), 0)
from run
join step on step.id = run.step_id
where step.position < (select position from step where id = :step);
