-- Persons: everybody who was found in a frame, who they are, and whether they are in.
-- status: of the last shared tool that judged them. ancestor_out: their frame is out. The box is in pixels of the
-- frame, the face in pixels of the crop.
create view persons as
select
    item.id as item_id, item.path, source.path as source_path, frame.time_s,
    case when last.passed then 'ok' when last.status = 'failed' then 'failed' else 'rejected' end as status,
    case when last.id is null then 'ancestor_out' when last.passed then null
        when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    person.shot, person.view, person.posture, person.arms, person.extent, person.source as found_by,
    detect.confidence, detect.height_px,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.cut_left, person.cut_top, person.cut_right, person.cut_bottom,
    "match".identity, "match".distance, "match".next_identity, "match".next_distance, "match".faceless,
    "match".cluster, "match".track, "match".inherited_from, "match".flips, person.turn,
    detect.relative_height, detect.relative_sharpness,
    item.width as crop_width_px, item.height as crop_height_px, frame_item.id as frame_id, source.id as source_id
from item
join item as frame_item on frame_item.id = item.parent_id
join item as source on source.id = frame_item.parent_id
left join frame on frame.item_id = frame_item.id
left join person on person.item_id = item.id
left join outcome as detected
    on detected.item_id = item.id and detected.latest
    and detected.step_id = (select id from step where tool = 'detect' and dataset = '')
left join detect on detect.outcome_id = detected.id
left join outcome as matched
    on matched.item_id = item.id and matched.latest
    and matched.step_id = (select id from step where tool = 'match' and dataset = '')
left join "match" on "match".outcome_id = matched.id
left join outcome as masked
    on masked.item_id = item.id and masked.latest
    and masked.step_id = (select id from step where tool = 'mask' and dataset = '')
left join outcome as last
    on last.id = case
        when masked.live then masked.id when matched.live then matched.id when detected.live then detected.id
    end
where item.kind = 'person' and item.newest;
