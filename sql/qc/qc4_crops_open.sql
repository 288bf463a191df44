-- Every crop opens.
-- QC4, error. The picture is there, is decoded to its end, and has the size that its row says; those of rejected people
-- too, whom somebody may want to keep.
-- Remedy: Type make verify REPAIR=1, then make all: it is cut out of its frame again.
-- Opens: picture.
select item.id as item_id, item.path, item.width, item.height
from outcome
join step on step.id = outcome.step_id and step.tool = 'detect'
join item on item.id = outcome.item_id
where outcome.kind = 'person' and outcome.latest and outcome.live and item.newest
    and item.path is not null and step.tool not in (select tool from temp.busy)
order by item.id;
