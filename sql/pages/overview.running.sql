-- Overview running: the runs that have not ended, and how far each has come.
-- done: inputs that it has judged so far; kinds: of which kinds they are, with commas between them. process, host: whose
-- it is, as a run that was killed could not say that it ended.
select
    run.id, step.tool, step.dataset, run.started_at, run.pid as process, run.host,
    (
        select count(*)
        from outcome
        join step_kind on step_kind.step_id = run.step_id and step_kind.kind = outcome.kind and step_kind.role = 'input'
        where outcome.run_id = run.id
    ) as done,
    (select group_concat(kind) from step_kind where step_id = run.step_id and role = 'input') as kinds
from run
join step on step.id = run.step_id
where run.status = 'running'
order by run.id;
