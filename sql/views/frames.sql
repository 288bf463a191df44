-- Frames: every frame taken out of the sources, and whether it is in.
-- status: of the last shared tool that judged it. ancestor_out: its source is out. path: null where no file was made,
-- as for a near duplicate.
create view frames as
select
    item.id as item_id, item.path, source.path as source_path, frame.time_s,
    case when last.passed then 'ok' when last.status = 'failed' then 'failed' else 'rejected' end as status,
    case when last.id is null then 'ancestor_out' when last.passed then null
        when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    frame.frame_index, frame.shot as shot_index, item.width as width_px, item.height as height_px,
    extract.candidates, extract.luma_tenengrad, extract.luma_difference, detect.people_seen, detect.people_count,
    source.id as source_id
from item
join item as source on source.id = item.parent_id
left join frame on frame.item_id = item.id
left join outcome as extracted
    on extracted.item_id = item.id and extracted.latest
    and extracted.step_id = (select id from step where tool = 'extract' and dataset = '')
left join extract on extract.outcome_id = extracted.id
left join outcome as detected
    on detected.item_id = item.id and detected.latest
    and detected.step_id = (select id from step where tool = 'detect' and dataset = '')
left join detect on detect.outcome_id = detected.id
left join outcome as last
    on last.id = case when detected.live then detected.id when extracted.live then extracted.id end
where item.kind = 'frame' and item.newest;
