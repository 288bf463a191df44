-- People alike: the images that wait for a person's word in the cluster of an item (:item), and look like the same one.
-- :ids is a JSON array of the items of which something was said; they wait no longer.
select item.id
from step
join outcome as asked on asked.step_id = step.id and asked.item_id = :item and asked.latest and asked.live
join "match" as own on own.outcome_id = asked.id
join "match" on "match".cluster = own.cluster and "match".identity is own.identity
join outcome
    on outcome.id = "match".outcome_id and outcome.step_id = step.id and outcome.latest and outcome.live
    and outcome.reason = 'identity_unsure' and not outcome.passed and outcome.decision_id is null
join item on item.id = outcome.item_id and item.newest
where step.tool = 'match' and step.dataset = '' and item.id not in (select value from json_each(:ids))
order by item.id;
