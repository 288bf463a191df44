-- Spectrum limits: every limit in force, in the order of the steps.
-- n: how many stand rejected for its reason, the first of theirs.
select
    limits.tool, limits.dataset, limits.key, limits.reason, limits.metric, limits.op, limits.bound, limits.step_id,
    coalesce(told.n, 0) as n
from limits
join step on step.id = limits.step_id
left join (
    select tool, dataset, reason, sum(n) as n
    from failures
    group by tool, dataset, reason
) as told on told.tool = limits.tool and told.dataset = limits.dataset and told.reason = limits.reason
where limits.bound is not null
order by step.position, limits.dataset;
