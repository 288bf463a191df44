-- Every video gives about one frame for each window of time.
-- QC1, warning. Frames, duplicates counted, by the windows that its duration holds: at least half as many, and at
-- most a quarter more, cuts and both ends allowed for.
-- Remedy: Look at the video with make explain: its clock may jump, or its header declare another duration.
select
    outcome.item_id, item.path,
    printf('%d frames of %.1f s, in windows of %.2f s.', counted.n, video.duration_s, extract.window_s) as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'extract'
join item on item.id = outcome.item_id
join video on video.item_id = item.id
join extract on extract.outcome_id = outcome.id
join (
    select parent_id, count(*) as n from item where kind = 'frame' and newest group by parent_id
) as counted on counted.parent_id = item.id
where outcome.latest and outcome.live and outcome.passed and outcome.kind = 'video' and extract.window_s > 0
    and (
        counted.n < 0.5 * video.duration_s / extract.window_s - 1
        or counted.n > 1.25 * video.duration_s / extract.window_s + coalesce(extract.shots, 1) + 2
    )
order by outcome.item_id;
