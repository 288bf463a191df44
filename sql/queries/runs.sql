-- Runs: each time a tool worked, with which settings, and how it ended.
-- Newest first. tool: empty for all. parameters: those that decide what comes out.
select
    run.id as run_id, step.tool, step.dataset, run.status, run.started_at, round(run.seconds, 1) as seconds,
    run.n_ok, run.n_rejected, run.n_failed,
    json_extract(recipe.json, '$.version') as version,
    json_extract(recipe.json, '$.engine[0]') as engine, json_extract(run.machine_json, '$.devices') as devices,
    json_extract(recipe.json, '$.params') as parameters,
    run.limits_json as limits,
    json_extract(run.machine_json, '$.workers') as workers,
    run.host
from run
join step on step.id = run.step_id
left join recipe on recipe.id = run.recipe_id
where :tool = '' or step.tool = :tool
order by run.id desc;
