-- No video has a bit rate far from all others.
-- QC0, warning. Bits per pixel and frame, as logarithms: further from their median than 3.5 robust standard deviations
-- (median distance to the median, from five videos on) and than a factor of 4.
-- Remedy: Play it. A very low rate is a broken or over-compressed copy, a very high one a wrong header.
with measured as (
    select
        item.id as item_id, item.path,
        1.0 * video.bitrate_bps / (1.0 * video.width_px * video.height_px * video.frame_rate_hz) as bits
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'intake'
    join item on item.id = outcome.item_id
    join video on video.item_id = item.id
    where outcome.latest and outcome.live and outcome.passed and outcome.kind = 'video'
),
centre as (
    select median(ln(bits)) as middle, spread(ln(bits)) as deviation, median(bits) as usual from measured
)
select
    measured.item_id, measured.path,
    printf('%.4f bits per pixel and frame; half of the videos have %.4f or less.', bits, usual) as detail
from measured
join centre on abs(ln(bits) - middle) > max(3.5 * deviation, ln(4))
order by measured.item_id;
