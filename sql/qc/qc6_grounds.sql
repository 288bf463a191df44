-- The grounds of composites are drawn as composite.modes says.
-- QC6, warning. Of each mode as many as its share says, by the exact binomial test, two-sided, at 0.001 divided by the
-- number of modes. Without accepted library pictures the library's share goes to the others.
-- Remedy: Look at the mode's images; after an edit of composite.modes type make all.
with stepped as (
    select step.id, step.dataset, step.recipe_id, recipe.json
    from step
    join recipe on recipe.id = step.recipe_id
    where step.tool = 'composite' and step.active
),
library as (
    select exists (
        select 1
        from outcome join step on step.id = outcome.step_id and step.tool = 'intake'
        where outcome.kind = 'background' and outcome.latest and outcome.live and outcome.passed
    ) as is_there
),
weighted as (
    select
        stepped.id as step_id, stepped.dataset, mode.key as mode,
        case when mode.key = 'library' and not library.is_there then 0 else max(mode.value, 0) end as weight
    from stepped
    join library
    join json_each(stepped.json, '$.params.modes') as mode
),
drawn as (
    select outcome.step_id, composite.mode, count(*) as n
    from outcome
    join stepped on stepped.id = outcome.step_id and stepped.recipe_id = outcome.recipe_id
    join composite on composite.item_id = outcome.item_id
    where outcome.kind = 'composite' and outcome.latest and outcome.live
    group by outcome.step_id, composite.mode
),
compared as (
    select
        weighted.step_id, weighted.dataset, weighted.mode, coalesce(drawn.n, 0) as n,
        weight / sum(weight) over (partition by weighted.step_id) as share,
        count(*) over (partition by weighted.step_id) as modes,
        (select sum(n) from drawn as every where every.step_id = weighted.step_id) as total
    from weighted
    left join drawn on drawn.step_id = weighted.step_id and drawn.mode = weighted.mode
    where weight > 0 or drawn.n > 0
)
select
    null as item_id, dataset || ': ' || mode as path,
    printf('%d of %d, where %.0f %% were to be expected.', n, total, 100 * share) as detail
from compared
where total > 0 and binomial_p(n, total, share) < 0.001 / modes
order by dataset, mode;
