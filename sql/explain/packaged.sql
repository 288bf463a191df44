-- Where an item, or what was made from it, lies in the current packages.
-- For a cutout its composites, for a caption the images it stands beside.
select step.dataset, package_item.path, coalesce(package_item.text, caption.text) as caption, package_item.item_id
from package_item
join package on package.id = package_item.package_id and package.state = 'current'
join step on step.id = package.step_id
join caption on caption.item_id = package_item.caption_id
join item on item.id = package_item.item_id
where :item in (package_item.item_id, package_item.caption_id, item.parent_id)
order by step.dataset, package_item.path;
