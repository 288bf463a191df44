-- Composites: every chosen cutout on its new ground, and whether it is in its dataset's package.
-- status: of the last tool of its dataset that judged it. A composite whose cutout is no longer chosen is ancestor_out.
create view composites as
select
    item.id as item_id, item.path, source.path as source_path, frame.time_s,
    case when last.passed then 'ok' when last.status = 'failed' then 'failed' else 'rejected' end as status,
    case when last.id is null then 'ancestor_out' when last.passed then null
        when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    step.dataset, composite.mode, background.path as background_path, composite.scale, composite.cover, composite.flush,
    composite.exposure_ev, composite.standing, measured.halo,
    composite.mask_path, item.width as width_px, item.height as height_px, cutout.id as cutout_id
from item
join step on step.id = item.step_id
join item as cutout on cutout.id = item.parent_id
join item as person_item on person_item.id = cutout.parent_id
join frame on frame.item_id = person_item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
left join composite on composite.item_id = item.id
left join item as background
    on background.kind = 'background' and background.address = composite.background_address and background.newest
left join outcome as composed on composed.item_id = item.id and composed.step_id = item.step_id and composed.latest
left join composite_measured as measured on measured.outcome_id = composed.id
left join outcome as packaged
    on packaged.item_id = item.id and packaged.latest
    and packaged.step_id = (select id from step as taker where taker.tool = 'package' and taker.dataset = step.dataset)
left join outcome as last
    on last.id = case when packaged.live then packaged.id when composed.live then composed.id end
where item.kind = 'composite' and item.newest;
