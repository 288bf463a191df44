-- Whatever is in force has a parent in force.
-- Ledger, error. No item, and no verdict on an item, outlives what it was made from. Datasets that are configured no
-- longer stand still, and are not looked at.
-- Remedy: Type make verify REPAIR=1, then make clean all: everything is settled again. If it comes back, put a backup of
-- the manifest back.
select item.id as item_id, coalesce(item.path, item.address) as path, 'Its parent is not in force.' as detail
from item
join step on step.id = item.step_id and step.active
left join item as parent on parent.id = item.parent_id
where item.newest and item.parent_id is not null and not coalesce(parent.newest, 0)
union all
select item.id, coalesce(item.path, item.address), 'A verdict on it is in force, itself it is not.'
from outcome
join step on step.id = outcome.step_id and step.active
join item on item.id = outcome.item_id
where outcome.latest and outcome.live and not item.newest
order by 1;
