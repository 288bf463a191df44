-- Failures: what stands rejected or failed, by reason.
-- With the share of all that the tool judged, what the reason means, and what to do about it.
-- Grouped first in the very order of the index outcome_funnel, as in the view failures.
with counted as (
    select step_id, kind, status, reason, passed, count(*) as n
    from outcome
    where latest and live
    group by step_id, kind, recipe_id, stale, status, reason, passed
),
judged as (
    select
        step.tool, counted.kind,
        case when counted.passed then null when counted.status = 'ok' then 'rejected_by_hand'
            else counted.reason end as reason,
        sum(counted.n) as n
    from counted
    join step on step.id = counted.step_id and step.active
    group by 1, 2, 3
),
shared as (
    select *, round(1.0 * n / sum(n) over (partition by tool, kind), 4) as share
    from judged
)
select shared.tool, shared.kind, shared.reason, shared.n, shared.share, reason.description, reason.remedy
from shared
left join reason on reason.tool = shared.tool and reason.code = shared.reason
where shared.reason is not null
order by shared.n desc, shared.tool, shared.kind, shared.reason;
