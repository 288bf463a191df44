-- People unsure: some persons that wait for a person's word, in the order in which they are named.
-- :ids is a JSON array of item ids.
select
    item.id, item.version, item.parent_id as frame_id, "match".cluster, "match".identity, "match".distance,
    "match".next_identity, "match".next_distance, "match".faceless, "match".flips,
    "match".inherited_from is not null as inherited, outcome.detail, person.face_x0_px is not null as has_face
from json_each(:ids) as asked
cross join item on item.id = asked.value
join person on person.item_id = item.id
join outcome
    on outcome.step_id = (select id from step where tool = 'match' and dataset = '')
    and outcome.item_id = item.id and outcome.latest
join "match" on "match".outcome_id = outcome.id
order by asked.key;
