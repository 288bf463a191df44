-- Files of items that nothing can reach any more, and that no reachable item shares. temp.reachable holds the others.
select item.id, item.path, item.sha256, 'image' as what
from item
where item.parent_id is not null and item.path is not null and item.id not in (select id from temp.reachable)
    and not exists (
        select 1 from item as other join temp.reachable as kept on kept.id = other.id where other.path = item.path
    )
union all
select composite.item_id, composite.mask_path, composite.mask_sha256, 'mask'
from composite
where composite.mask_path <> '' and composite.item_id not in (select id from temp.reachable)
    and not exists (
        select 1
        from composite as other join temp.reachable as kept on kept.id = other.item_id
        where other.mask_path = composite.mask_path
    )
order by 1, 4;
