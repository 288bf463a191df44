-- People unsure: images that wait for a person's word, by whom they look like, the likeliest of each cluster first.
-- Kept ones too, of whoever they are: a keep does not say who somebody is.
-- :limit is more than anybody settles at once.
select
    item.id, item.version, item.parent_id as frame_id, "match".cluster, "match".identity, "match".distance,
    "match".next_identity, "match".next_distance, "match".faceless, "match".flips,
    "match".inherited_from is not null as inherited, outcome.detail, outcome.passed,
    substr(item.address, 1, instr(item.address, '/') - 1) as source, person.face_x0_px is not null as has_face
from step
join outcome
    on outcome.step_id = step.id and outcome.latest and outcome.live
    and outcome.reason in ('identity_unsure', 'other_person')
    and (outcome.passed or outcome.reason = 'identity_unsure' and outcome.decision_id is null)
join item on item.id = outcome.item_id and item.newest
join person on person.item_id = item.id
join "match" on "match".outcome_id = outcome.id
where step.tool = 'match' and step.dataset = ''
order by "match".identity is null, "match".identity, "match".cluster, inherited, "match".distance, item.id
limit :limit;
