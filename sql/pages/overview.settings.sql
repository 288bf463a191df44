-- Overview settings: what decided the results of two runs.
select run.id, run.limits_json, recipe.json as recipe_json
from run
left join recipe on recipe.id = run.recipe_id
where run.id in (:before, :after);
