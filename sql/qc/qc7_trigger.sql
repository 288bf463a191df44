-- Every caption begins with its dataset's trigger.
-- QC7, error. The one that was set when it was made, as a whole word, whatever its case. What a person wrote is taken to
-- the letter and not looked at.
-- Remedy: Write it anew with make caption-edit.
select
    item.id as item_id, cutout.path,
    'The trigger is ' || json_extract(recipe.json, '$.dataset.trigger') || ': ' || caption.text as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
join item on item.id = outcome.item_id
join item as cutout on cutout.id = item.parent_id
join caption on caption.item_id = item.id
join recipe on recipe.id = outcome.recipe_id
where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
    and caption.author <> 'person'
    and lacks_trigger(caption.text, coalesce(json_extract(recipe.json, '$.dataset.trigger'), ''))
order by item.id;
