-- Overview packages: the first images of each current package.
select dataset, item.id, item.version, item.width, item.height, n
from (
    select
        step.dataset, package_item.item_id, count(*) over (partition by step.dataset) as n,
        row_number() over (partition by step.dataset order by package_item.path) as place
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    where package.state = 'current'
) as packed
join item on item.id = packed.item_id
where packed.place <= :limit
order by dataset, place;
