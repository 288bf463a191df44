-- No video consists of duplicates.
-- QC1, warning. Of 20 frames or more, at most 95 % look the same as the one kept before.
-- Remedy: It is a still picture, or frozen; take it out, or lower extract.identical if people move in it.
with counted as (
    select
        item.parent_id, count(*) as n, sum(outcome.reason is 'near_duplicate') as twins
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'extract'
    join item on item.id = outcome.item_id
    where outcome.kind = 'frame' and outcome.latest and outcome.live
    group by item.parent_id
)
select counted.parent_id as item_id, item.path, printf('%d of %d frames.', twins, n) as detail
from counted
join item on item.id = counted.parent_id
where n >= 20 and twins > 0.95 * n
order by counted.parent_id;
