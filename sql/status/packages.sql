-- The current package of each dataset: how many images, since when, the path of the first.
select
    step.dataset, count(package_item.item_id) as images, package.at, min(package_item.path) as first_path
from package
join step on step.id = package.step_id and step.active
left join package_item on package_item.package_id = package.id
where package.state = 'current'
group by package.id
order by step.dataset;
