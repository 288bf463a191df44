-- People beside: which clusters are seen within :near_s seconds of some frames, in the same source.
-- :ids is a JSON array of the ids of frames.
with asked as (
    select item.parent_id as source_id, frame.time_s
    from json_each(:ids) as one
    join item on item.id = one.value
    join frame on frame.item_id = item.id
),
near as (
    select distinct asked.source_id, frame.item_id as frame_id, frame.time_s, frame.shot
    from asked
    cross join item on item.parent_id = asked.source_id and item.kind = 'frame' and item.newest
    cross join frame
        on frame.item_id = item.id and frame.time_s between asked.time_s - :near_s and asked.time_s + :near_s
)
select near.source_id, near.frame_id, near.time_s, near.shot, "match".cluster
from near
cross join item on item.parent_id = near.frame_id and item.kind = 'person' and item.newest
cross join outcome
    on outcome.step_id = (select id from step where tool = 'match' and dataset = '')
    and outcome.item_id = item.id and outcome.latest and outcome.live
cross join "match" on "match".outcome_id = outcome.id and "match".cluster is not null;
