-- Orphans: images in force whose parent is not.
-- There should be none: what was made from an item leaves with it, and comes back with it. What belongs to a dataset
-- that is configured no longer stands still, and is not looked at.
select item.id as item_id, item.kind, item.path, item.address, item.parent_id, parent.path as parent_path
from item
join step on step.id = item.step_id and step.active
left join item as parent on parent.id = item.parent_id
where item.newest and item.parent_id is not null and not coalesce(parent.newest, 0)
order by item.kind, item.address;
