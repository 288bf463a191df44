-- Every composite opens, with its mask.
-- QC6, error. Image and mask are there, are decoded to their end and have one size; the mask is not constant.
-- Remedy: Type make verify REPAIR=1, then make all: it is composed again.
-- Opens: composite.
select item.id as item_id, item.path, item.width, item.height, composite.mask_path
from outcome
join step on step.id = outcome.step_id and step.tool = 'composite' and step.active
join item on item.id = outcome.item_id
join composite on composite.item_id = item.id
where outcome.kind = 'composite' and outcome.latest and outcome.live and item.newest
    and item.path is not null and step.tool not in (select tool from temp.busy)
order by item.id;
