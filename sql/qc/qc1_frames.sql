-- Every source that was extracted has frames.
-- QC1, error. A video or photo that extract accepted has given at least one frame, duplicates counted.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
select outcome.item_id, item.path, 'No frame of it is there.' as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'extract'
join item on item.id = outcome.item_id
where outcome.latest and outcome.live and outcome.passed and outcome.kind in ('video', 'photo')
    and not exists (
        select 1 from item as frame where frame.parent_id = item.id and frame.kind = 'frame' and frame.newest
    )
order by outcome.item_id;
