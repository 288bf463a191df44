-- What extract has decoded: millions of pixels of all frames of the videos that it is done with, and its seconds for them.
select
    sum(video.width_px * video.height_px / 1e6 * video.duration_s * video.frame_rate_hz) as megapixels,
    sum(outcome.seconds) as seconds
from outcome
join step on step.id = outcome.step_id and step.tool = 'extract'
join video on video.item_id = outcome.item_id
where outcome.latest and outcome.live and outcome.status = 'ok';
