-- Ground shares: how often each mode of ground is to be drawn, by composite.modes of each dataset's last run.
-- weight: as the setting says; that of library is 0 where no background has been accepted. share: 0 to 1, of all weights;
-- null where all of them are 0, so that nothing can be drawn.
create view ground_shares as
with library as (
    select exists (
        select 1
        from outcome join step on step.id = outcome.step_id and step.tool = 'intake'
        where outcome.kind = 'background' and outcome.latest and outcome.live and outcome.passed
    ) as is_there
),
weighted as (
    select
        step.id as step_id, step.dataset, mode.key as mode,
        case when mode.key = 'library' and not library.is_there then 0.0 else max(1.0 * mode.value, 0.0) end as weight
    from step
    join recipe on recipe.id = step.recipe_id
    join library
    join json_each(recipe.json, '$.params.modes') as mode
    where step.tool = 'composite' and step.active
)
select step_id, dataset, mode, weight, weight / nullif(sum(weight) over (partition by step_id), 0.0) as share
from weighted;
