-- Overview flipped: how some items are shown.
-- :ids is a JSON array of item ids.
select item.id, item.kind, item.version, item.path is not null as has_picture
from json_each(:ids) as asked
cross join item on item.id = asked.value
order by asked.key;
