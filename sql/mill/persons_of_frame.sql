-- The newest persons of one frame with their boxes in frame pixels; :low and :high bound the frame's addresses.
select
    item.address, person.box_x0_px as x0, person.box_y0_px as y0, person.box_x1_px as x1, person.box_y1_px as y1
from item
join person on person.item_id = item.id
where item.kind = 'person' and item.newest and item.address >= :low and item.address < :high
order by item.address;
