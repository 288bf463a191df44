-- Every kept frame opens.
-- QC3, error. The picture is there, is decoded to its end, and has the size that its row says.
-- Remedy: Type make verify REPAIR=1, then make all: it is taken out of its source again.
-- Opens: picture.
select item.id as item_id, item.path, item.width, item.height
from outcome
join step on step.id = outcome.step_id and step.tool = 'extract'
join item on item.id = outcome.item_id
where outcome.kind = 'frame' and outcome.latest and outcome.live and item.newest
    and item.path is not null and step.tool not in (select tool from temp.busy)
order by item.id;
