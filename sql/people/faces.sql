-- The faces of the clusters, each with its embedding and its picture.
-- said: the name that a person has given to this image. The face is in pixels of the crop.
select
    item.id, item.kind, item.address, item.path, "match".cluster, "match".track, said.value as said,
    embed.embedding, embed.face_height_px, detect.face_sharpness, abs(person.turn) as turned,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.id
join "match" on "match".outcome_id = outcome.id
join outcome as embedded
    on embedded.item_id = item.id and embedded.latest
    and embedded.step_id = (select id from step where tool = 'embed' and dataset = '')
join embed on embed.outcome_id = embedded.id
left join outcome as detected
    on detected.item_id = item.id and detected.latest
    and detected.step_id = (select id from step where tool = 'detect' and dataset = '')
left join detect on detect.outcome_id = detected.id
left join temp.said as said on said.item_id = item.id
where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live and item.newest
    and "match".cluster is not null and (embed.embedding is not null or said.value is not null)
order by "match".cluster, item.address;
