-- What embeds faces in this workspace: the reference photos must go through the same.
-- item_id: the step; address: the engine's name; version: the digest of its model.
select
    step.id as item_id,
    json_extract(recipe.json, '$.engine[0]') as address,
    json_extract(recipe.json, '$.engine[1]') as version
from step
join recipe on recipe.id = step.recipe_id
where step.tool = 'embed';
