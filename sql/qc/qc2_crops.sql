-- There are as many crops as detections.
-- QC2, error. Each frame that detect has judged has one crop for everybody who was found there, up to
-- detect.keep_at_most.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
with judged as (
    select
        outcome.item_id, item.path,
        min(detect.people_seen, coalesce(json_extract(recipe.json, '$.params.keep_at_most'), 1000000)) as found,
        (
            select count(*) from item as person
            where person.parent_id = item.id and person.kind = 'person' and person.newest and person.path <> ''
        ) as crops
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'detect'
    join recipe on recipe.id = outcome.recipe_id
    join item on item.id = outcome.item_id
    left join detect on detect.outcome_id = outcome.id
    where outcome.kind = 'frame' and outcome.latest and outcome.live and outcome.status <> 'failed'
)
select item_id, path, printf('%d crops of %s people found.', crops, coalesce(found, 'an unknown number of')) as detail
from judged
where crops is not found
order by item_id;
