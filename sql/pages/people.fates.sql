-- People fates: what stands of everybody whom match has judged, read from an index alone. No row where it is nobody.
-- packed: numbers with commas between them: eight times the id of the outcome, and 0 for out, 1 in, 2 unsure, 3 unsure and
-- nobody has decided on it, 4 sure, but wanted by no dataset.
select
    group_concat(
        outcome.id * 8 + case
            when outcome.passed then 1
            when outcome.reason = 'identity_unsure' then iif(outcome.decision_id is null, 3, 2)
            when outcome.reason = 'unwanted_person' then 4
            else 0
        end
    ) as packed
from step
join outcome indexed by outcome_gallery
    on outcome.step_id = step.id and outcome.kind = 'person' and outcome.latest and outcome.live
where step.tool = 'match' and step.dataset = ''
group by step.id;
