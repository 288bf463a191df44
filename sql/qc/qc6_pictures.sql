-- The pictures of the background library are drawn evenly.
-- QC6, warning. Of the composites on library grounds, each picture has its equal share, by the exact binomial test,
-- two-sided, at 0.001 divided by the number of pictures.
-- Remedy: Look whether pictures were added or removed since; type make all, so that all are drawn anew.
with pictures as (
    select item.id, item.address, item.path
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'intake'
    join item on item.id = outcome.item_id
    where outcome.kind = 'background' and outcome.latest and outcome.live and outcome.passed
),
drawn as (
    select outcome.step_id, composite.background_address as address, count(*) as n
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'composite' and step.active
    join composite on composite.item_id = outcome.item_id and composite.mode = 'library'
    where outcome.kind = 'composite' and outcome.latest and outcome.live
    group by outcome.step_id, composite.background_address
),
totals as (
    select step_id, sum(n) as total from drawn group by step_id
)
select
    pictures.id as item_id, pictures.path,
    printf(
        'In dataset %s: %d of %d, with %d pictures to draw from.', step.dataset, coalesce(n, 0), total, n_all
    ) as detail
from totals
join step on step.id = totals.step_id
join (select count(*) as n_all from pictures) as every
join pictures
left join drawn on drawn.step_id = totals.step_id and drawn.address = pictures.address
where binomial_p(coalesce(n, 0), total, 1.0 / n_all) < 0.001 / n_all
order by step.dataset, pictures.id;
