-- People unsure: images that wait for a person's word: the likeliest of each cluster, then the others.
-- :ids is a JSON array of the items of which something was said; they wait no longer. n: how many there are in all.
-- alike: how many of them are in its cluster and look like the same person. turn: 1 for the likeliest of those.
with waiting as (
    select
        item.id, item.version, item.parent_id as frame_id, "match".cluster, "match".identity, "match".distance,
        "match".next_identity, "match".next_distance, "match".faceless, "match".flips, "match".inherited_from,
        outcome.detail, count(*) over () as n,
        count(*) over (partition by "match".cluster, "match".identity, "match".cluster is null and item.id) as alike,
        row_number() over (
            partition by "match".cluster, "match".identity, "match".cluster is null and item.id
            order by "match".inherited_from is not null, "match".distance, item.id
        ) as turn
    from step
    join outcome
        on outcome.step_id = step.id and outcome.latest and outcome.live and outcome.reason = 'identity_unsure'
        and not outcome.passed and outcome.decision_id is null
    join item on item.id = outcome.item_id and item.newest
    join "match" on "match".outcome_id = outcome.id
    where step.tool = 'match' and step.dataset = '' and item.id not in (select value from json_each(:ids))
)
select waiting.*, frame.time_s, file.shown as source
from waiting
left join frame on frame.item_id = waiting.frame_id
left join item as above on above.id = waiting.frame_id
left join file on file.id = (select min(id) from file as some where some.item_id = above.parent_id)
order by turn > 1, identity is null, identity, cluster, distance, waiting.id
limit :limit;
