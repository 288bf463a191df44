-- Every crop that was masked has one cut-out.
-- QC5, error. Who was masked without a failure has exactly one cut-out in force.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
with judged as (
    select
        outcome.item_id, item.path,
        (
            select count(*) from item as cutout
            where cutout.parent_id = item.id and cutout.kind = 'cutout' and cutout.newest and cutout.path <> ''
        ) as cutouts
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'mask'
    join item on item.id = outcome.item_id
    where outcome.kind = 'person' and outcome.latest and outcome.live and outcome.status = 'ok'
)
select item_id, path, printf('It has %d cut-outs.', cutouts) as detail
from judged
where cutouts <> 1
order by item_id;
