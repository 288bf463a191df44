-- The first failed items with their errors, in the order of the stages.
-- Cross joins keep their order: it walks down the index outcome_funnel to the few that failed.
select step.tool, step.dataset, item.id as item_id, item.kind, item.path, item.address, outcome.detail
from step
cross join step_kind on step_kind.step_id = step.id
cross join outcome
    on outcome.step_id = step.id and outcome.kind = step_kind.kind and outcome.recipe_id = step.recipe_id
    and outcome.status = 'failed' and outcome.latest and outcome.live
join item on item.id = outcome.item_id
where step.active
order by step.position, step.dataset, item.id
limit :limit;
