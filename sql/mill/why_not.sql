-- Why a keep or a pin (:verdict) of an item could not be obeyed.
-- A defect or a failure leaves nothing to keep. Where others were preferred, a keep changes nothing; a pin does, but only
-- for what has a file.
select outcome.reason, outcome.detail, reason.description, reason.remedy,
    case when outcome.defect then 'defect' else reason.nature end as nature
from outcome
join item on item.id = outcome.item_id
join step on step.id = outcome.step_id and step.active
left join reason on reason.tool = step.tool and reason.code = outcome.reason
where outcome.item_id = :item and outcome.latest and outcome.status <> 'ok'
    and (
        outcome.defect or outcome.status = 'failed'
        or (reason.nature = 'choice' and outcome.live and (:verdict = 'keep' or item.path is null))
    )
order by outcome.defect desc, outcome.id
limit 1;
