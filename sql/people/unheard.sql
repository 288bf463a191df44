-- How many persons a name was given to, or taken from, since match has said who they are.
-- temp.said: what stands of names, as decisions.load_said puts it together.
select count(*) as n
from outcome
join step on step.id = outcome.step_id
left join temp.said as said on said.item_id = outcome.item_id
where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live
    and outcome.said_id is not said.decision_id;
