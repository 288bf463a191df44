-- Compare standing: what a step, and people, last said of one item.
-- What a person rejected no longer reaches the step; what it said last stands here with that decision. state: '' where the
-- step never saw it.
select
    item.id, item.kind, item.version, item.path, outcome.detail,
    case when outcome.id is null then '' when outcome.passed then 'in' when outcome.status = 'failed' then 'failed'
        else 'out' end as state,
    case when outcome.passed or outcome.id is null then '' when outcome.status <> 'ok' then outcome.reason
        when decision.verdict = 'reject' then 'rejected_by_hand' else 'ancestor_out' end as reason,
    coalesce(decision.verdict, '') as verdict
from item
left join outcome on outcome.item_id = item.id and outcome.step_id = :step and outcome.latest
left join decision on decision.id = outcome.decision_id
where item.id = :item;
