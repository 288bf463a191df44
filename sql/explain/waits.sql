-- Steps that have yet to look at an item.
-- The gate before them let it through, and they have no outcome of today's recipe, or a stale one. again: they have one.
select step.tool, step.dataset, done.id is not null as again
from item
join step_kind on step_kind.kind = item.kind and step_kind.role = 'input'
join step on step.id = step_kind.step_id and step.active
left join step as gate on gate.tool = step.gate and gate.dataset in ('', step.dataset)
left join outcome as fed on fed.step_id = gate.id and fed.item_id = item.id and fed.latest and fed.live and fed.passed
left join outcome as done on done.step_id = step.id and done.item_id = item.id and done.latest
where item.id = :item and item.newest and (step.gate is null or fed.id is not null)
    and (done.id is null or done.stale or done.recipe_id is not step.recipe_id)
order by step.position, step.dataset;
