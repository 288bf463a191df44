-- Selection: for each dataset, every cutout that reached it: chosen, or why not.
-- rank: place in the order of choice. difference: to the most similar chosen image. kept_address: which is in instead.
-- nearly: how near it came to being chosen, 0 to 1. who: the name, else the cluster, of the person it shows.
create view selection as
select
    step.dataset, item.id as item_id, item.path, source.path as source_path, frame.time_s,
    outcome.passed as chosen,
    case when outcome.passed then null when outcome.status = 'ok' then 'rejected_by_hand'
        else outcome.reason end as reason,
    outcome.detail, choice.rank, choice.score, choice.score_parts, choice.moment, choice.difference, choice.nearly,
    choice.kept_address, coalesce(matched.identity, 'person ' || matched.cluster) as who,
    person.shot, person.view, person.posture, person.arms, item.address, outcome.decision_id
from step
join outcome on outcome.step_id = step.id and outcome.kind = 'cutout' and outcome.latest and outcome.live
join item on item.id = outcome.item_id
join item as person_item on person_item.id = item.parent_id
join person on person.item_id = item.parent_id
join frame on frame.item_id = person_item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
left join "select" as choice on choice.outcome_id = outcome.id
left join outcome as named
    on named.item_id = item.parent_id and named.latest
    and named.step_id = (select id from step as namer where namer.tool = 'match')
left join identities as matched on matched.outcome_id = named.id
where step.tool = 'select' and step.active;
