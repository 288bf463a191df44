-- Videos: every video in the raw folder, what it is, and whether it is in.
-- status: of the last tool that judged it; waiting: none has yet.
create view videos as
select
    item.id as item_id, item.path, item.path as source_path, null as time_s,
    case when last.id is null then 'waiting' when last.passed then 'ok' when last.status = 'failed' then 'failed'
        else 'rejected' end as status,
    case when last.passed then null when last.status = 'ok' then 'rejected_by_hand' else last.reason end as reason,
    last.detail,
    video.container, video.codec, video.width_px, video.height_px, video.frame_rate_hz, video.duration_s,
    video.bitrate_bps, video.pixel_format, video.rotation_deg, video.color_transfer, video.interlaced, video.has_audio,
    video.declared_frames, intake.short_side_px, intake.missing_share, extract.window_s, extract.decoded_frames,
    extract.missing_frames, extract.damaged_frames, extract.decode_errors, extract.shots,
    extract.decoder, extract.decoder_fallback
from item
left join video on video.item_id = item.id
left join outcome as taken
    on taken.item_id = item.id and taken.latest
    and taken.step_id = (select id from step where tool = 'intake' and dataset = '')
left join intake on intake.outcome_id = taken.id
left join outcome as extracted
    on extracted.item_id = item.id and extracted.latest
    and extracted.step_id = (select id from step where tool = 'extract' and dataset = '')
left join extract on extract.outcome_id = extracted.id
left join outcome as last on last.id = case when extracted.live then extracted.id else taken.id end
where item.kind = 'video' and item.newest;
