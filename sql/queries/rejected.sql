-- Rejected: every image that stands rejected or failed, with the measurement and the limit it violates.
-- The nearest to passing come first. reason, tool: empty for all.
select
    step.tool, step.dataset, outcome.item_id, outcome.kind,
    case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    case when json_extract(step.limits_json, '$.' || substr(reason.config_key, instr(reason.config_key, '.') + 1))
        = finding.bound then reason.metric end as metric,
    round(finding.value, 4) as value, finding.bound, outcome.detail, item.path
from outcome
join step on step.id = outcome.step_id and step.active
join item on item.id = outcome.item_id
left join finding on finding.outcome_id = outcome.id and finding.reason = outcome.reason
left join reason on reason.tool = step.tool and reason.code = outcome.reason
where outcome.latest and outcome.live and not outcome.passed
    and (:tool = '' or step.tool = :tool)
    and (:reason = '' or :reason = case when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end)
order by step.position, step.dataset, reason, abs(finding.value - finding.bound), outcome.item_id;
