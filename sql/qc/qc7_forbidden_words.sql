-- No caption has a forbidden word.
-- QC7, error. None of the words in caption.forbidden_words when it was made, as whole words behind the trigger. What a
-- person wrote is not looked at.
-- Remedy: Write it anew with make caption-edit.
with recursive forbidden (recipe_id, trigger_word, phrase, rest) as (
    select
        recipe.id, coalesce(json_extract(recipe.json, '$.dataset.trigger'), ''), '',
        json_extract(recipe.json, '$.params.forbidden_words') || ','
    from recipe
    where json_extract(recipe.json, '$.tool') = 'caption'
    union all
    select
        recipe_id, trigger_word, trim(substr(rest, 1, instr(rest, ',') - 1)), substr(rest, instr(rest, ',') + 1)
    from forbidden
    where rest <> ''
)
select item.id as item_id, cutout.path, 'It says ' || forbidden.phrase || ': ' || caption.text as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
join item on item.id = outcome.item_id
join item as cutout on cutout.id = item.parent_id
join caption on caption.item_id = item.id
join forbidden on forbidden.recipe_id = outcome.recipe_id and forbidden.phrase <> ''
where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
    and caption.author <> 'person' and says(caption.text, forbidden.phrase, forbidden.trigger_word)
order by item.id, forbidden.phrase;
