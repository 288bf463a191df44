-- Unstored kept: of frames (:ids) that have no file, as each looks like the one kept before it: which one that is.
-- luma_difference: between the two, in levels of 255; identical: from which on extract keeps both.
select
    item.id, kept.id as kept_id, kept.version, kept.width, kept.height, extract.luma_difference,
    json_extract(recipe.json, '$.params.identical') as identical
from json_each(:ids) as asked
join item on item.id = asked.value
join step on step.tool = 'extract'
join outcome on outcome.step_id = step.id and outcome.item_id = item.id and outcome.latest
join recipe on recipe.id = outcome.recipe_id
left join extract on extract.outcome_id = outcome.id
left join item as kept on kept.id = (
    select before.id
    from item as before
    where before.kind = 'frame' and before.newest and before.path is not null and before.address < item.address
        and before.address > substr(item.address, 1, instr(item.address, '/'))
    order by before.address desc
    limit 1
)
where outcome.reason = 'near_duplicate' and item.path is null;
