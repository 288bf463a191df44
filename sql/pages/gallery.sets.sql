-- Gallery sets: what can be looked at: what each step says of each kind of item.
-- n: how many stand judged there.
select step.id as step_id, step.stage, step.tool, step.dataset, judged.kind, judged.n
from (
    select step_id, kind, sum(n) as n
    from (
        select step_id, kind, count(*) as n
        from outcome
        where latest and live
        group by step_id, kind, recipe_id, stale, status, reason, passed
    )
    group by step_id, kind
) as judged
join step on step.id = judged.step_id and step.active
order by step.position, step.dataset, judged.kind;
