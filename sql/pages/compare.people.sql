-- Compare people: everybody who was found in a frame: box, face, keypoints, and whether they are in.
-- The box is in pixels of the frame, so is the crop's corner; all else is in pixels of the crop.
select
    item.id, item.kind, item.address, item.version, item.path, item.width, item.height, person.box_x0_px, person.box_y0_px,
    person.box_x1_px, person.box_y1_px, person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.crop_x_px, person.crop_y_px, person.cut_left, person.cut_top, person.cut_right, person.cut_bottom, person.shot,
    person.view, person.posture, person.arms, person.extent, person.source, person.box_whole, person.keypoints_json,
    person.others_json, person.landmarks_json, detect.confidence, outcome.passed,
    (
        select cutout.id
        from item as cutout
        where cutout.parent_id = item.id and cutout.kind = 'cutout' and cutout.newest
    ) as cutout_id
from item indexed by item_parent
join person on person.item_id = item.id
left join outcome
    on outcome.item_id = item.id and outcome.latest and outcome.live
    and outcome.step_id = (select id from step where tool = 'detect' and dataset = '')
left join detect on detect.outcome_id = outcome.id
where item.parent_id = :frame and item.kind = 'person' and item.newest
order by item.address
limit :limit;
