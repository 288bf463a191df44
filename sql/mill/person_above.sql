-- The box, in frame pixels, of the person that an item is or was made from.
with recursive line (item_id, parent_id, kind) as (
    select id, parent_id, kind from item where id = :item
    union all
    select item.id, item.parent_id, item.kind from line join item on item.id = line.parent_id
)
select
    item.address, person.box_x0_px as x0, person.box_y0_px as y0, person.box_x1_px as x1, person.box_y1_px as y1
from line
join item on item.id = line.item_id
join person on person.item_id = line.item_id
where line.kind = 'person'
limit 1;
