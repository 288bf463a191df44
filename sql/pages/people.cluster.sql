-- People cluster: the images of one cluster (:cluster), the unsure first, then those least like whom they show.
-- n: how many there are in all.
select
    item.id, item.version, outcome.passed, outcome.reason, outcome.status, decision.verdict, "match".identity,
    "match".distance, person.face_x0_px is not null as has_face, count(*) over () as n
from "match"
join outcome on outcome.id = "match".outcome_id and outcome.latest and outcome.live
join item on item.id = outcome.item_id and item.newest
join person on person.item_id = item.id
left join decision on decision.id = outcome.decision_id
where "match".cluster = :cluster
order by
    outcome.passed or outcome.reason is not 'identity_unsure', not has_face, "match".distance is null,
    "match".distance desc, item.address
limit :limit offset :offset;
