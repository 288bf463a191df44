-- Gallery names: what the sources of the workspace are called, footage last: of equal files its name is the one to use.
select item.address, item.id, item.kind, min(coalesce(file.shown, item.path)) as name
from item
left join file on file.item_id = item.id
where item.newest and item.kind in ('video', 'photo', 'background', 'reference')
group by item.id
order by item.kind in ('video', 'photo');
