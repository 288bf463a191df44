-- Seconds of a worker that each tool took, by the kind of what it took in.
select step.tool, outcome.kind, count(*) as n, sum(outcome.seconds) as seconds
from outcome
join step on step.id = outcome.step_id and step.active
join step_kind
    on step_kind.step_id = outcome.step_id and step_kind.kind = outcome.kind and step_kind.role = 'input'
where outcome.latest and outcome.live and outcome.status <> 'failed'
group by step.tool, outcome.kind;
