-- The current package of each dataset that is configured: its step, its digest, and the path of its first image.
-- One that waits to be made again, because repair has said so, is left out.
select package.step_id, step.dataset, package.digest, min(package_item.path) as first_path
from package
join step on step.id = package.step_id and step.active
join package_item on package_item.package_id = package.id
where package.state = 'current'
    and exists (select 1 from outcome where outcome.step_id = package.step_id and outcome.latest)
group by package.id
order by step.dataset;
