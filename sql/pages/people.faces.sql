-- People faces: everybody whose face shows, by cluster and address, with what makes a picture a good one.
-- sure: match is sure of the identity, whether or not a dataset wants it. turned: 0 looks into the camera, 1 aside.
select
    identities.cluster, item.id, item.version, item.address, identities.identity, outcome.passed,
    outcome.passed or outcome.reason is 'unwanted_person' as sure,
    outcome.reason is 'identity_unsure' and not outcome.passed or outcome.passed and identities.unnamed as unsure,
    embed.face_height_px, detect.face_sharpness, abs(person.turn) as turned
from step
join outcome on outcome.step_id = step.id and outcome.kind = 'person' and outcome.latest and outcome.live
join item on item.id = outcome.item_id and item.newest
join person on person.item_id = item.id
join identities on identities.outcome_id = outcome.id
join outcome as embedded
    on embedded.step_id = (select id from step where tool = 'embed' and dataset = '')
    and embedded.item_id = item.id and embedded.latest
join embed on embed.outcome_id = embedded.id and embed.embedding is not null
left join outcome as detected
    on detected.step_id = (select id from step where tool = 'detect' and dataset = '')
    and detected.item_id = item.id and detected.latest
left join detect on detect.outcome_id = detected.id
where step.tool = 'match' and step.dataset = '' and identities.cluster is not null
order by identities.cluster, item.address;
