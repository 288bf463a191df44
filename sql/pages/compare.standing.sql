-- Compare standing: what a step, and people, last said of one item.
-- Of an item that the step does not reach, the last decision that stands on its address alone.
select
    item.id, item.kind, item.version, item.path, outcome.detail,
    case when outcome.id is null then '' when outcome.passed then 'in' when outcome.status = 'failed' then 'failed'
        else 'out' end as state,
    case when outcome.passed or outcome.id is null then '' when outcome.status = 'ok' then 'rejected_by_hand'
        else outcome.reason end as reason,
    coalesce(decision.verdict, '') as verdict
from item
left join outcome on outcome.item_id = item.id and outcome.step_id = :step and outcome.latest and outcome.live
left join decision on decision.id = outcome.decision_id
where item.id = :item;
