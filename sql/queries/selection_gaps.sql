-- Selection gaps: how many images of each shot a dataset wants, and how many it has.
-- wanted: the dataset's count shared out by its quota, by largest remainder.
with wish as (
    select
        step.dataset, quota.key as shot, quota.value as part,
        json_extract(recipe.json, '$.dataset.count') as count,
        sum(quota.value) over (partition by step.id) as whole,
        quota.id as place
    from step
    join recipe on recipe.id = step.recipe_id
    join json_each(recipe.json, '$.dataset.quota') as quota
    where step.tool = 'select' and step.active
),
exact as (
    select *, count * part / whole as share, cast(count * part / whole as integer) as least
    from wish
),
served as (
    select
        dataset, shot,
        least + (
            row_number() over (partition by dataset order by least - share, place)
            <= count - sum(least) over (partition by dataset)
        ) as wanted
    from exact
)
select
    served.dataset, served.shot, served.wanted, count(selection.item_id) as chosen,
    max(0, served.wanted - count(selection.item_id)) as missing
from served
left join selection on selection.dataset = served.dataset and selection.chosen and selection.shot = served.shot
group by served.dataset, served.shot
order by served.dataset, served.shot;
