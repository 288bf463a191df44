-- In no video people are found far more rarely or more often than in the others.
-- QC4, warning. The share of its frames with somebody, of videos with 10 frames or more: further from the median than
-- 3.5 robust standard deviations (median distance to the median, from five videos on) and than 0.25.
-- Remedy: Look at some of its frames. Dark, far or unusual footage may want another detector or another detect.imgsz.
with judged as (
    select
        item.parent_id as video_id,
        exists (
            select 1 from item as person
            where person.parent_id = item.id and person.kind = 'person' and person.newest
        ) as somebody
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'detect'
    join item on item.id = outcome.item_id
    where outcome.kind = 'frame' and outcome.latest and outcome.live and outcome.status <> 'failed'
),
rated as (
    select judged.video_id, avg(somebody) as rate, count(*) as n
    from judged
    join video on video.item_id = judged.video_id
    group by judged.video_id
    having count(*) >= 10
),
centre as (
    select median(rate) as middle, spread(rate) as deviation from rated
)
select
    item.id as item_id, item.path,
    printf(
        'Somebody in %.0f %% of %d frames; half of the videos have %.0f %% or less.', 100 * rate, n, 100 * middle
    ) as detail
from rated
join centre on abs(rate - middle) > max(3.5 * deviation, 0.25)
join item on item.id = rated.video_id
order by rate, item.id;
