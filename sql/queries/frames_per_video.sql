-- Frames per video: how many frames each video gave, and how many of them were near duplicates.
-- kept_hz: frames kept per second of film. duplicate_share: of all frames taken; a high one says that little happens.
with counted as (
    select
        source_id, count(*) as frames, sum(reason is 'near_duplicate') as near_duplicates,
        sum(reason is 'corrupt_frame') as corrupt
    from frames
    group by source_id
)
select
    videos.item_id, videos.path, videos.status, videos.reason, round(videos.duration_s, 1) as duration_s, videos.shots,
    coalesce(counted.frames, 0) as frames,
    coalesce(counted.frames - counted.near_duplicates - counted.corrupt, 0) as kept,
    coalesce(counted.near_duplicates, 0) as near_duplicates,
    round(1.0 * counted.near_duplicates / counted.frames, 3) as duplicate_share,
    round((counted.frames - counted.near_duplicates - counted.corrupt) / videos.duration_s, 2) as kept_hz
from videos
left join counted on counted.source_id = videos.item_id
order by videos.path;
