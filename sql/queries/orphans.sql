-- Orphans: images whose parent is no longer in force.
-- Their source has gone, or a redone step no longer makes what they were made from. Nothing stands on them; they come
-- back without work when their parent does.
select item.id as item_id, item.kind, item.path, item.address, parent.id as parent_id, parent.path as parent_path
from item
join item as parent on parent.id = item.parent_id
where item.newest and not parent.newest
order by item.kind, item.address;
