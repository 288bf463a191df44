-- Orphans: images in force whose parent is not.
-- There should be none: what was made from an item leaves with it, and comes back with it.
select item.id as item_id, item.kind, item.path, item.address, parent.id as parent_id, parent.path as parent_path
from item
join item as parent on parent.id = item.parent_id
where item.newest and not parent.newest
order by item.kind, item.address;
