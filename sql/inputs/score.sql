-- Cutouts that passed mask.
-- The face is in pixels of the cutout.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.parent_id
where step.tool = 'mask' and step.dataset = ''
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
