-- People beside: which clusters are seen in the sources of some frames, and when.
-- :ids is a JSON array of the ids of frames.
with wanted (source_id) as (
    select distinct item.parent_id
    from json_each(:ids) as asked
    join item on item.id = asked.value
)
select wanted.source_id, frame.item_id as frame_id, frame.time_s, frame.shot, "match".cluster
from wanted
join item as frame_item on frame_item.parent_id = wanted.source_id and frame_item.kind = 'frame' and frame_item.newest
join frame on frame.item_id = frame_item.id
join item as person_item on person_item.parent_id = frame_item.id and person_item.kind = 'person' and person_item.newest
join outcome
    on outcome.step_id = (select id from step where tool = 'match' and dataset = '')
    and outcome.item_id = person_item.id and outcome.latest and outcome.live
join "match" on "match".outcome_id = outcome.id and "match".cluster is not null;
