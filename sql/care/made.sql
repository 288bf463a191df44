-- A page of the files that tools made, superseded ones too, each with what it should hold.
select item.id, item.path, item.sha256, coalesce(item.bytes, 0) as bytes
from item
where item.id > :after and item.parent_id is not null and item.path is not null and item.sha256 is not null
order by item.id
limit :limit;
