-- What a run made of an item, with the outcome on each.
select
    outcome.id, outcome.reason, outcome.detail, outcome.defect,
    item.id as item_id, item.kind, item.address, item.path, item.sha256, item.bytes, item.width, item.height
from item
join outcome
    on outcome.item_id = item.id and outcome.step_id = :step and outcome.run_id = :run and outcome.recipe_id = :recipe
where item.parent_id = :item and item.step_id = :step
order by outcome.id;
