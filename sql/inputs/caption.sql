-- Cutouts that a dataset has chosen.
-- The face and its landmarks are in pixels of the cutout; crop_path: the picture that it was cut from, of the same size.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.shot, person.view, person.extent, person.posture, person.arms, person.cut_bottom, person.box_whole,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px, person.landmarks_json,
    crop.path as crop_path
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.parent_id
join item as crop on crop.id = item.parent_id
where step.tool = 'select' and step.dataset = :dataset
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
