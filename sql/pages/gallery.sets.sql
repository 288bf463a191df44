-- Gallery sets: what can be looked at: what each step says of each kind of item.
-- n: how many stand judged there.
select step.id as step_id, step.stage, step.tool, step.dataset, tally.kind, sum(tally.n) as n
from tally
join step on step.id = tally.step_id and step.active
join step_kind on step_kind.step_id = step.id and step_kind.kind = tally.kind
group by step.id, tally.kind
having sum(tally.n) > 0
order by step.position, step.dataset, tally.kind;
