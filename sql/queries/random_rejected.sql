-- Random rejected: a random sample of what stands rejected, to see whether it deserves it.
-- The same seed gives the same sample. tool, reason: empty for all. n: how many, empty for 50. seed: any number, empty
-- for 1.
with numbered as (
    -- A number below 2^31 - 1 for each, that its square throws about.
    select
        id,
        (item_id * 1103515245 + cast(coalesce(nullif(:seed, ''), 1) as integer) * 747796405) % 2147483647 as number
    from outcome
    where latest and live and not passed and status <> 'failed'
)
select
    outcome.item_id, outcome.kind, step.tool, step.dataset,
    case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason, outcome.detail, item.path
from numbered
join outcome on outcome.id = numbered.id
join step on step.id = outcome.step_id and step.active
join item on item.id = outcome.item_id
where (:tool = '' or step.tool = :tool)
    and (:reason = '' or :reason = case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end)
order by numbered.number * numbered.number % 2147483647, outcome.id
limit cast(coalesce(nullif(:n, ''), 50) as integer);
