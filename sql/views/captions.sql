-- Captions: the line of text that describes each chosen cutout in its dataset.
-- status: ancestor_out where the cutout is no longer chosen. path: null, a caption is no file before it is packaged.
create view captions as
select
    item.id as item_id, item.path, source.path as source_path, frame.time_s,
    case when last.passed then 'ok' when last.status = 'failed' then 'failed' else 'rejected' end as status,
    case when last.id is null then 'ancestor_out' when last.passed then null
        when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    caption.dataset, caption.text, caption.author, caption.engine, caption.prompt_version, caption.words, caption.shot,
    caption.light, caption.clothing, caption.view, caption.eyes, caption.expression, caption.tokens, caption.ground,
    cutout.id as cutout_id
from item
join item as cutout on cutout.id = item.parent_id
join item as person_item on person_item.id = cutout.parent_id
join frame on frame.item_id = person_item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
left join caption on caption.item_id = item.id
left join outcome as last
    on last.item_id = item.id and last.step_id = item.step_id and last.latest and last.live
where item.kind = 'caption' and item.newest;
