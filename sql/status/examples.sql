-- A few items that stand rejected or failed for one reason at one step; where a limit rejects, the nearest to passing.
select outcome.item_id, item.kind, item.path, item.address, outcome.detail
from outcome
join step on step.id = outcome.step_id and step.tool = :tool and step.dataset = :dataset
join item on item.id = outcome.item_id
left join finding on finding.outcome_id = outcome.id and finding.reason = outcome.reason
where outcome.latest and outcome.live and not outcome.passed and outcome.kind = :kind
    and case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end = :reason
order by abs(finding.value - finding.bound), outcome.item_id
limit :limit;
