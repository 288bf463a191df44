-- Cutouts that a dataset has chosen.
-- crop_x_px, crop_y_px: where the cutout lies in its frame. people: JSON, the boxes of everybody in the frame, in frame
-- pixels.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.shot, person.crop_x_px, person.crop_y_px,
    person.cut_left, person.cut_top, person.cut_right, person.cut_bottom,
    frame_item.path as frame_path,
    (
        select json_group_array(json_array(seen.box_x0_px, seen.box_y0_px, seen.box_x1_px, seen.box_y1_px))
        from item as other
        join person as seen on seen.item_id = other.id
        where other.parent_id = frame_item.id and other.kind = 'person' and other.newest
    ) as people
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.parent_id
join item as person_item on person_item.id = item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
where step.tool = 'select' and step.dataset = :dataset
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
