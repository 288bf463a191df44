-- Cutouts that passed mask.
-- The face and its landmarks are in pixels of the cutout; the crop's corner, the picture without its bars and what is
-- burnt in are in pixels of the frame. beside: what is burnt in belongs to the shot and not to the frame's version: where
-- other frames tell otherwise, the cutout waits again.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px, person.landmarks_json,
    person.crop_x_px, person.crop_y_px,
    frame.picture_x0_px, frame.picture_y0_px, frame.picture_x1_px, frame.picture_y1_px, extract.overlays_json,
    extract.overlays_json as beside
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.parent_id
join item as person_item on person_item.id = item.parent_id
join frame on frame.item_id = person_item.parent_id
left join outcome as extracted
    on extracted.item_id = person_item.parent_id and extracted.latest
    and extracted.step_id = (select id from step where tool = 'extract')
left join extract on extract.outcome_id = extracted.id
where step.tool = 'mask' and step.dataset = ''
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
