-- Persons that passed detect.
-- The box and the crop's corner are in pixels of the frame, the face in pixels of the crop.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.crop_x_px, person.crop_y_px
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.id
where step.tool = 'detect' and step.dataset = ''
    and outcome.kind = 'person' and outcome.latest and outcome.live and outcome.passed and item.newest;
