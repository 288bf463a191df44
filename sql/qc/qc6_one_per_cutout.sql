-- Every chosen cut-out has one composite for each variant.
-- QC6, error. Of each chosen cut-out that composite has done without a failure, there is exactly one (variant v0).
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
with judged as (
    select
        outcome.item_id, item.path, step.dataset,
        (
            select count(*) from item as made
            where made.parent_id = item.id and made.kind = 'composite' and made.newest and made.step_id = step.id
        ) as composites
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'composite' and step.active
    join item on item.id = outcome.item_id
    where outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.status = 'ok'
)
select item_id, path, printf('It has %d composites in dataset %s.', composites, dataset) as detail
from judged
where composites <> 1
order by item_id;
