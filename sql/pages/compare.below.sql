-- Compare below: what was made from an item, of one kind, the first ones.
select id, kind, address, version, path, width, height, null as name
from item
where parent_id = :item and kind = :kind and newest
order by id
limit :limit;
