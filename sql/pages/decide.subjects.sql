-- Decide subjects: what decisions on some items hang on, in the order of asking: the items in force at their addresses.
-- :ids is a JSON array of item ids. asked: the item that was pointed at. An image of a package, and its text, stand for
-- their cut-out there, so that the next best takes its place. packaged_for: the dataset of that package, else ''.
with packed as (
    select package_item.item_id, package_item.caption_id, step.dataset
    from package_item
    join package on package.id = package_item.package_id and package.state = 'current'
    join step on step.id = package.step_id
),

member as (
    select item_id, dataset from packed
    union
    select caption_id, dataset from packed
)

select asked.value as asked, coalesce(member.dataset, '') as packaged_for, now.*
from json_each(:ids) as asked
join item on item.id = asked.value
left join member on member.item_id = item.id
join item as own on own.id = case when member.dataset is null then item.id else item.parent_id end
join item as now on now.kind = own.kind and now.address = own.address and now.newest
order by asked.key;
