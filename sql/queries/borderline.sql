-- Borderline: what lies nearest to a limit, on both sides of it.
-- side: in, what the limit lets pass, or out; another limit or a decision may say otherwise, and standing tells. tool:
-- whose limit it is, empty for score. key: of the limit as in the configuration, empty for min_sharpness. n: how many
-- of each side, empty for 20.
with measured as (
    select
        limits.tool, limits.dataset, limits.key, limits.bound, outcome.item_id, outcome.kind, measurements.value,
        case limits.op when '<' then measurements.value < limits.bound
            else measurements.value > limits.bound end as out,
        case when outcome.passed then 'passed' when outcome.status = 'ok' then 'rejected_by_hand'
            else outcome.reason end as standing
    from limits
    join measurements
        on measurements.tool = coalesce(nullif(:tool, ''), 'score')
        and measurements.metric = (
            select metric from limits as asked
            where asked.tool = coalesce(nullif(:tool, ''), 'score')
                and asked.key = coalesce(nullif(:key, ''), 'min_sharpness')
        )
    join outcome
        on outcome.id = measurements.outcome_id and outcome.step_id = limits.step_id and outcome.latest and outcome.live
    where limits.tool = coalesce(nullif(:tool, ''), 'score')
        and limits.key = coalesce(nullif(:key, ''), 'min_sharpness')
),
placed as (
    select
        *, row_number() over (partition by tool, dataset, key, out order by abs(value - bound), item_id) as place
    from measured
)
select
    case placed.out when 1 then 'out' else 'in' end as side, placed.item_id, placed.kind,
    round(placed.value, 4) as value, placed.bound, placed.standing, item.path, placed.dataset
from placed
join item on item.id = placed.item_id
where placed.place <= cast(coalesce(nullif(:n, ''), 20) as integer)
order by placed.dataset, placed.out, placed.place;
