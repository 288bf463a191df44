-- People state: what changes whenever match, or a decision, changes who is where, and match's bounds.
-- Read from an index alone. No row before match has judged anybody.
select
    count(*) as images, sum(outcome.id) as outcomes, sum(outcome.run_id) as runs, sum(outcome.passed) as passed,
    json_extract(step.limits_json, '$.max_distance') as max_distance,
    json_extract(step.limits_json, '$.unsure_distance') as unsure_distance
from step
join outcome on outcome.step_id = step.id and outcome.kind = 'person' and outcome.latest and outcome.live
where step.tool = 'match' and step.dataset = ''
group by step.id;
