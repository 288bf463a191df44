-- Every cut-out opens, and its alpha is not constant.
-- QC5, error. The picture is there, is decoded to its end, has the size that its row says, and not one alpha
-- everywhere; those that limits reject too. A mask of one value that was rejected as a defect is none of them.
-- Remedy: Type make verify REPAIR=1, then make all: it is masked again.
-- Opens: cutout.
select item.id as item_id, item.path, item.width, item.height
from outcome
join step on step.id = outcome.step_id and step.tool = 'mask'
join item on item.id = outcome.item_id
where outcome.kind = 'cutout' and outcome.latest and outcome.live and not outcome.defect and item.newest
    and item.path is not null and step.tool not in (select tool from temp.busy)
order by item.id;
