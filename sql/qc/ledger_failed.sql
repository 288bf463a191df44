-- Nothing has failed.
-- Ledger, warning. No tool broke on an item; what was merely rejected is no failure.
-- Remedy: Read the error; type make all RETRY_FAILED=1 once its cause is mended.
select
    item.id as item_id, coalesce(item.path, item.address) as path,
    step.tool || ': ' || coalesce(outcome.detail, 'no detail') as detail
from step
cross join step_kind on step_kind.step_id = step.id
cross join outcome
    on outcome.step_id = step.id and outcome.kind = step_kind.kind and outcome.recipe_id = step.recipe_id
    and outcome.status = 'failed' and outcome.latest and outcome.live
join item on item.id = outcome.item_id
where step.active
order by step.position, step.dataset, item.id;
