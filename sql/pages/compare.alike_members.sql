-- Compare alike members: a kept cut-out, then those that a dataset left out for it, the best first.
-- difference: to the chosen image that looks most like it, 0 to 1. score: how good it is by itself, 0 to 1.
-- The cross join has the few of the group found first, and then what became of them.
-- What a person rejected no longer reaches the step; what it said last stands here with that decision.
select
    item.id, item.kind, item.address, item.version, item.path, item.width, item.height, frame.time_s, outcome.detail,
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status <> 'ok' then outcome.reason
        when decision.verdict = 'reject' then 'rejected_by_hand' else 'ancestor_out' end as reason,
    outcome.reason as found, coalesce(decision.verdict, '') as verdict, choice.score, choice.score_parts,
    choice.difference, choice.rank, null as luma_difference, item.address = :address as is_kept
from (
    select kept.id as item_id from item as kept where kept.kind = 'cutout' and kept.address = :address and kept.newest
    union
    select told.item_id
    from "select" as behind
    cross join outcome as told on told.id = behind.outcome_id
    where behind.kept_address = :address and told.step_id = :step and told.latest
        and told.reason in ('same_moment', 'similar_to_better')
) as grouped
join item on item.id = grouped.item_id
join outcome on outcome.item_id = item.id and outcome.step_id = :step and outcome.latest
left join "select" as choice on choice.outcome_id = outcome.id
left join decision on decision.id = outcome.decision_id
left join item as person on person.id = item.parent_id
left join frame on frame.item_id = person.parent_id
order by is_kept desc, choice.score desc, item.id
limit :limit;
