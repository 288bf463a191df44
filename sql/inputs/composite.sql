-- Cutouts that a dataset has chosen.
-- crop_x_px, crop_y_px: where the cutout lies in its frame. box: in frame pixels. others_json: the boxes of everybody
-- else in the frame, in pixels of the crop. crop_path: the picture that the cutout was cut from.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.shot, person.crop_x_px, person.crop_y_px,
    person.cut_left, person.cut_top, person.cut_right, person.cut_bottom,
    frame_item.path as frame_path, person_item.path as crop_path,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px, person.others_json,
    person.face_y0_px, person.face_y1_px, person.keypoints_json, person.box_slack, person.box_whole
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.parent_id
join item as person_item on person_item.id = item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
where step.tool = 'select' and step.dataset = :dataset
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
