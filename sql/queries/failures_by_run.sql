-- Failures by run: which run gave the verdicts that stand, and when.
-- A run that rejects much more than the one before it had other settings: the query runs shows which.
select
    run.id as run_id, step.tool, step.dataset, run.started_at,
    case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    count(*) as n
from outcome
join step on step.id = outcome.step_id and step.active
join run on run.id = outcome.run_id
where outcome.latest and outcome.live and not outcome.passed
group by run.id, 5
order by run.id, n desc, reason;
