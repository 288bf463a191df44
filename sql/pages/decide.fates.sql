-- Decide fates: what one step says now of some items.
-- :ids is a JSON array of item ids. Of an item that the step no longer reaches there is no row.
select
    outcome.item_id as id,
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    coalesce(decision.verdict, '') as verdict
from json_each(:ids) as asked
join outcome on outcome.step_id = :step and outcome.item_id = asked.value and outcome.latest and outcome.live
left join decision on decision.id = outcome.decision_id;
