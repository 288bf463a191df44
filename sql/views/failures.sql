-- Failures: how many of each kind stand rejected or failed at a step, by reason.
-- share: of all that stand judged there.
create view failures as
-- Read from the tally: nothing is counted here.
with judged as (
    select
        step_id, kind,
        case when passed then null when status = 'ok' then 'rejected_by_hand' else reason end as reason,
        sum(n) as n
    from tally
    where n > 0
    group by 1, 2, 3
),
shared as (
    select *, round(1.0 * n / sum(n) over (partition by step_id, kind), 4) as share
    from judged
)
select step.stage, step.tool, step.dataset, shared.kind, shared.reason, shared.n, shared.share
from shared
join step on step.id = shared.step_id
where step.active and shared.reason is not null
order by step.position, step.dataset, shared.kind, shared.n desc, shared.reason;
