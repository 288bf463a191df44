-- Compare line: an item and all that it was made from, the source first.
with recursive line (item_id, parent_id, depth) as (
    select id, parent_id, 0 from item where id = :item
    union all
    select item.id, item.parent_id, line.depth + 1 from line join item on item.id = line.parent_id
)
select
    item.id, item.kind, item.address, item.version, item.path, item.width, item.height,
    (select file.shown from file where file.item_id = item.id order by file.id limit 1) as name
from line
join item on item.id = line.item_id
order by line.depth desc;
