-- The latest outcome of every step on one item, in the order in which data flows.
-- stale: of another recipe than the step's; it stands until its input is done again.
select
    outcome.id as outcome_id, step.stage, step.tool, step.dataset, step_kind.role, outcome.status, outcome.reason,
    outcome.detail, outcome.defect, outcome.passed, outcome.live, outcome.seconds, outcome.decision_id,
    outcome.recipe_id is not step.recipe_id as stale,
    step.limits_json, reason.nature, reason.description, reason.remedy,
    run.id as run_id, run.started_at, recipe.json as recipe_json
from outcome
join step on step.id = outcome.step_id and step.active
join run on run.id = outcome.run_id
join recipe on recipe.id = outcome.recipe_id
left join step_kind on step_kind.step_id = step.id and step_kind.kind = outcome.kind
left join reason on reason.tool = step.tool and reason.code = outcome.reason
where outcome.item_id = :item and outcome.latest
order by step.position, step.dataset;
