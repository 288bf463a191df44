-- Gallery sets: what can be looked at: what each step says of each kind of item.
-- n: how many stand judged there, counted from the index one set after the other: the quickest there is.
select step_id, stage, tool, dataset, kind, n
from (
    select
        step.id as step_id, step.stage, step.tool, step.dataset, step.position, step_kind.kind,
        (
            select count(*)
            from outcome
            where outcome.step_id = step.id and outcome.kind = step_kind.kind and outcome.latest and outcome.live
        ) as n
    from step
    join step_kind on step_kind.step_id = step.id
    where step.active
)
where n > 0
order by position, dataset, kind;
