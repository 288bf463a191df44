-- Decide subjects: the items that a person points at, those in force at their addresses.
-- :ids is a JSON array of item ids.
select now.*
from json_each(:ids) as asked
join item on item.id = asked.value
join item as now on now.kind = item.kind and now.address = item.address and now.newest
order by asked.key;
