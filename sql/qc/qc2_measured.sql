-- Everybody who was found is measured.
-- QC2, error. A person has a confidence of 0 to 1, a height, and a row of facts.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
select item.id as item_id, item.path, 'A measurement or a fact of it is missing.' as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'detect'
join item on item.id = outcome.item_id
left join person on person.item_id = item.id
left join detect on detect.outcome_id = outcome.id
where outcome.kind = 'person' and outcome.latest and outcome.live
    and (coalesce(detect.confidence not between 0 and 1 or detect.height_px <= 0, 1) or person.item_id is null)
order by item.id;
