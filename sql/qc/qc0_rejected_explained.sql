-- Every rejected raw file is explained.
-- QC0, error. Its reason is one that intake declares, and a sentence or the violated limit says more.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
select
    outcome.item_id, item.path,
    case when outcome.status <> 'failed' and reason.code is null
        then 'Nobody knows its reason, ' || coalesce(outcome.reason, 'none') || '.'
        else 'Its reason is ' || coalesce(outcome.reason, 'none') || ', and nothing says more.' end as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'intake'
join item on item.id = outcome.item_id
left join reason on reason.tool = 'intake' and reason.code = outcome.reason
left join finding on finding.outcome_id = outcome.id and finding.reason = outcome.reason
where outcome.latest and outcome.live and outcome.status <> 'ok'
    and (
        (outcome.status <> 'failed' and reason.code is null)
        or (trim(coalesce(outcome.detail, '')) = '' and finding.outcome_id is null)
    )
order by outcome.item_id;
