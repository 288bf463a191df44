-- Gallery names: what some sources of the workspace are called.
-- :addresses is a JSON array of their addresses.
select item.address, min(coalesce(file.shown, item.path)) as name
from json_each(:addresses) as asked
cross join item
    on item.address = asked.value and item.newest and item.kind in ('video', 'photo', 'background', 'reference')
left join file on file.item_id = item.id
group by item.address;
