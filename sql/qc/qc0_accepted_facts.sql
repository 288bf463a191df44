-- Every accepted video and photo says what it is.
-- QC0, error. Its size, and of a video its duration, frame rate and bit rate, are known and above 0.
-- Remedy: Was the manifest written to beside the tools, put a backup of it back; else export the file anew or take it out,
-- and type make all.
select
    outcome.item_id, item.path,
    case when coalesce(video.item_id, photo.item_id) is null then 'No facts are known of it.'
        else 'A size, duration or rate of it is 0 or below.' end as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'intake'
join item on item.id = outcome.item_id
left join video on video.item_id = item.id
left join photo on photo.item_id = item.id
where outcome.latest and outcome.live and outcome.passed and outcome.kind in ('video', 'photo')
    and coalesce(
        min(video.width_px, video.height_px, video.duration_s, video.frame_rate_hz, video.bitrate_bps) <= 0,
        min(photo.width_px, photo.height_px) <= 0,
        1
    )
order by outcome.item_id;
