-- What a step last said of an item by a recipe, before it said something else; what failed is tried anew.
select id, run_id, reason, detail, defect, seconds, beside, said_id
from outcome
where item_id = :item and step_id = :step and recipe_id = :recipe and not latest and status <> 'failed'
order by id desc
limit 1;
