-- Frames that passed extract.
-- The picture is the frame without the black bars of its shot.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    frame.picture_x0_px, frame.picture_y0_px, frame.picture_x1_px, frame.picture_y1_px
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
left join frame on frame.item_id = item.id
where step.tool = 'extract' and step.dataset = ''
    and outcome.kind = 'frame' and outcome.latest and outcome.live and outcome.passed and item.newest;
