-- Final: what lies in the current packages, each image with its caption and all that it was made from.
-- path: of the image, below the workspace. caption: as it stands in the package, with a clause about the ground where
-- that was asked for.
create view final as
select
    step.dataset, package_item.path, coalesce(package_item.text, caption.text) as caption, source.path as source_path, frame.time_s,
    package_item.item_id as composite_id, package_item.caption_id, cutout.id as cutout_id,
    person_item.id as person_id, frame_item.id as frame_id, source.id as source_id
from package
join step on step.id = package.step_id
join package_item on package_item.package_id = package.id
join caption on caption.item_id = package_item.caption_id
join item on item.id = package_item.item_id
join item as cutout on cutout.id = item.parent_id
join item as person_item on person_item.id = cutout.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join frame on frame.item_id = frame_item.id
join item as source on source.id = frame_item.parent_id
where package.state = 'current' and step.active;
