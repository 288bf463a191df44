-- Gallery items: one page of a set, in the order that was asked for.
-- value: the measurement that the set is sorted by. The marks take tables, conditions, the value and the order. The
-- inner question finds the items; what else is shown is looked up for these alone.
with found as (
    select outcome.id as outcome_id, outcome.item_id, /*value*/ null as value
    from outcome indexed by outcome_gallery
    left join item on item.id = outcome.item_id
    left join person
        on person.item_id = case outcome.kind
            when 'person' then item.id
            when 'cutout' then item.parent_id
            when 'composite' then (select parent.parent_id from item as parent where parent.id = item.parent_id)
            when 'caption' then (select parent.parent_id from item as parent where parent.id = item.parent_id)
        end
    left join decision on decision.id = outcome.decision_id
    /*tables*/
    where outcome.step_id = :step and outcome.kind = :kind and outcome.latest and outcome.live
    /*conditions*/
    order by /*order*/ outcome.item_id
    limit :limit offset :offset
)
select
    item.id, item.kind, item.version, item.address, item.path, item.width, item.height, found.value,
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    coalesce(decision.verdict, '') as verdict, outcome.detail, caption.text, frame.time_s,
    coalesce(person.shot, '') as shot
from found
join outcome on outcome.id = found.outcome_id
join item on item.id = found.item_id
left join decision on decision.id = outcome.decision_id
left join caption on caption.item_id = item.id
left join frame on frame.item_id = case outcome.kind when 'frame' then item.id when 'person' then item.parent_id end
left join person on person.item_id = case outcome.kind when 'person' then item.id when 'cutout' then item.parent_id end;
