-- Final recipe: by which settings and from which cutouts a dataset was chosen last.
select recipe.json as recipe
from step
join recipe on recipe.id = step.recipe_id
where step.tool = 'select' and step.active and step.dataset = :dataset;
