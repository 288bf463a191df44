-- Cutouts: everybody who was cut out, all that was measured of them, and whether they are in.
-- status: of the last shared tool that judged it; what a dataset chose is in the view selection. ancestor_out: the
-- person or the frame is out.
create view cutouts as
select
    item.id as item_id, item.path, source.path as source_path, frame.time_s,
    case when last.passed then 'ok' when last.status = 'failed' then 'failed' else 'rejected' end as status,
    case when last.id is null then 'ancestor_out' when last.passed then null
        when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    person.shot, person.view, mask.coverage, mask.largest_share, mask.soft_share,
    mask.head_share, mask.crown_gap, mask.feet_gap, mask.top_width, mask.straight_share, mask.other_face_share,
    mask.translucent_share,
    score.sharpness, score.blur_px, score.perceptual_blur, score.laplacian_variance, score.tenengrad, score.dark_share,
    score.bright_share, score.mean_luma, score.luma_std, score.solidity, score.contours, score.face_covered_share,
    score.face_height_px, score.eye_aspect, score.noise_level, score.blocking, score.bar_share, score.overlay_share,
    score.height_share, score.crop_mp,
    cutout.subject_x0_px, cutout.subject_y0_px, cutout.subject_x1_px, cutout.subject_y1_px,
    item.width as width_px, item.height as height_px, person_item.id as person_id, frame_item.id as frame_id,
    source.id as source_id
from item
join item as person_item on person_item.id = item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
left join frame on frame.item_id = frame_item.id
left join person on person.item_id = person_item.id
left join cutout on cutout.item_id = item.id
left join outcome as masked
    on masked.item_id = item.id and masked.latest
    and masked.step_id = (select id from step where tool = 'mask' and dataset = '')
left join mask on mask.outcome_id = masked.id
left join outcome as scored
    on scored.item_id = item.id and scored.latest
    and scored.step_id = (select id from step where tool = 'score' and dataset = '')
left join score on score.outcome_id = scored.id
left join outcome as last on last.id = case when scored.live then scored.id when masked.live then masked.id end
where item.kind = 'cutout' and item.newest;
