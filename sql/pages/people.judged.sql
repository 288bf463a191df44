-- People judged: what match found of some persons, and what makes a picture of somebody a good one.
-- :ids is a JSON array of match's outcomes. cluster: 0 for none. distance: -1 where none was measured. has_face: the face was
-- measured. turned: 0 looks into the camera, 1 aside.
select
    outcome.id as outcome_id, item.id, item.version, item.address, coalesce("match".cluster, 0) as cluster,
    "match".identity, coalesce("match".distance, -1.0) as distance, "match".inherited_from is not null as inherited,
    embed.embedding is not null as has_face, coalesce(embed.face_height_px, 0.0) as face_height_px,
    coalesce(detect.face_sharpness, 0.0) as face_sharpness, coalesce(abs(person.turn), 0.0) as turned
from json_each(:ids) as asked
cross join outcome on outcome.id = asked.value
cross join item on item.id = outcome.item_id
cross join person on person.item_id = item.id
left join "match" on "match".outcome_id = outcome.id
left join outcome as embedded
    on embedded.step_id = (select id from step where tool = 'embed' and dataset = '')
    and embedded.item_id = item.id and embedded.latest
left join embed on embed.outcome_id = embedded.id
left join outcome as detected
    on detected.step_id = (select id from step where tool = 'detect' and dataset = '')
    and detected.item_id = item.id and detected.latest
left join detect on detect.outcome_id = detected.id;
