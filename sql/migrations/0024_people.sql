-- What the light table asks of people.

-- The name that next_distance is to. Of an image that flips: the name that its own face is nearest to, and its distance.
alter table "match" add column next_identity text;

-- The images of one cluster.
create index match_cluster on "match" (cluster, outcome_id) where cluster is not null;

-- The images that wait for a person's word.
create index outcome_unsure on outcome (step_id, item_id) where latest and live and reason = 'identity_unsure';
