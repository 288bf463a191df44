-- Cutouts that passed score.
-- With what a choice looks at: whom they show for sure, when, where in the frame, how they stand and look, and what was measured.
-- Boxes and the crop's corner are in frame pixels; face, keypoints and landmarks in those of the crop.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.shot, person.view, person.posture, person.arms, person.turn,
    identities.identity, identities.unnamed, identities.cluster, identities.track,
    frame.time_s, frame.shot as shot_index,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px, person.crop_x_px, person.crop_y_px,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.cut_left, person.cut_top, person.cut_right, person.cut_bottom,
    person.landmarks_json, person.keypoints_json,
    score.sharpness, score.face_height_px, score.eye_aspect, score.crop_mp, score.noise_level, score.blocking,
    score.overlay_share, score.dark_share, score.bright_share, score.likeness
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join score on score.outcome_id = outcome.id
join person on person.item_id = item.parent_id
join item as person_item on person_item.id = item.parent_id
join frame on frame.item_id = person_item.parent_id
left join outcome as matched
    on matched.item_id = item.parent_id and matched.latest
    and matched.step_id = (select id from step where tool = 'match')
left join identities on identities.outcome_id = matched.id
where step.tool = 'score' and step.dataset = ''
    and outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.passed and item.newest;
