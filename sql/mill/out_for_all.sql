-- The first step that works for all datasets and that an item does not pass.
select step.tool
from outcome
join step on step.id = outcome.step_id
where outcome.item_id = :item and outcome.latest and step.dataset = '' and not (outcome.live and outcome.passed)
order by step.position
limit 1;
