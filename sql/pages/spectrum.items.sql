-- Spectrum items: how some items are shown, and what one step says of them now.
-- :ids is a JSON array of item ids.
select
    item.id, item.kind, item.version, item.path,
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    coalesce(decision.verdict, '') as verdict
from json_each(:ids) as asked
cross join item on item.id = asked.value
cross join outcome on outcome.step_id = :step and outcome.item_id = item.id and outcome.latest
left join decision on decision.id = outcome.decision_id;
