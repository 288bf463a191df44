-- Photos: every photo in the raw folder, what it is, and whether it is in.
-- status: of the last tool that judged it; waiting: none has yet.
create view photos as
select
    item.id as item_id, item.path, item.path as source_path, null as time_s,
    case when last.id is null then 'waiting' when last.passed then 'ok' when last.status = 'failed' then 'failed'
        else 'rejected' end as status,
    case when last.passed then null when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    photo.format, photo.width_px, photo.height_px, photo.mode, photo.bits, photo.orientation, photo.animated,
    photo.has_alpha, photo.has_profile, intake.short_side_px
from item
left join photo on photo.item_id = item.id
left join outcome as taken
    on taken.item_id = item.id and taken.latest
    and taken.step_id = (select id from step where tool = 'intake' and dataset = '')
left join intake on intake.outcome_id = taken.id
left join outcome as extracted
    on extracted.item_id = item.id and extracted.latest
    and extracted.step_id = (select id from step where tool = 'extract' and dataset = '')
left join outcome as last on last.id = case when extracted.live then extracted.id else taken.id end
where item.kind = 'photo' and item.newest;
