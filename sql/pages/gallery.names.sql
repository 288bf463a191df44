-- Gallery names: what some sources of the workspace are called, footage last: of equal files its name is the one to use.
-- :addresses is a JSON array of their addresses.
select item.address, min(coalesce(file.shown, item.path)) as name
from json_each(:addresses) as asked
cross join item
    on item.address = asked.value and item.newest and item.kind in ('video', 'photo', 'background', 'reference')
left join file on file.item_id = item.id
group by item.id
order by item.kind in ('video', 'photo');
