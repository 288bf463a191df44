-- Persons that passed embed, each with the embedding of the face and the colours of the clothes.
-- The box is in pixels of the frame. embedding is null where no face shows.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256, frame.time_s, frame.shot,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px,
    person.view, embed.embedding, embed.face_height_px, embed.colours
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.id
join frame on frame.item_id = item.parent_id
join embed on embed.outcome_id = outcome.id
where step.tool = 'embed' and step.dataset = ''
    and outcome.kind = 'person' and outcome.latest and outcome.live and outcome.passed and item.newest;
