-- The funnel: per step and kind, what came in and what became of it.
-- In every row inputs = ok + rejected + failed + waiting. An outcome of an older recipe, or a stale one, is still in force,
-- but waits.
create view funnel as
-- Read from the tally: nothing is counted here.
with dated as (
    select tally.*, tally.recipe_id = step.recipe_id and not tally.stale as today
    from tally
    join step on step.id = tally.step_id and step.active
    where tally.n > 0
),
judged as (
    select
        step_id, kind,
        sum(case when today and passed then n else 0 end) as ok,
        sum(case when today and not passed and status <> 'failed' then n else 0 end) as rejected,
        sum(case when today and not passed and status = 'failed' then n else 0 end) as failed,
        sum(n) as n,
        sum(case when passed then n else 0 end) as passed,
        sum(duration_ns) / 1e9 as seconds
    from dated
    group by step_id, kind
),
sources as (
    select kind, count(*) as n
    from item
    where newest and kind in ('video', 'photo', 'background', 'reference')
    group by kind
)
select
    step.stage, step.tool, step.dataset, step_kind.kind,
    case
        when step_kind.role = 'output' then coalesce(judged.n, 0)
        when step.gate is null then coalesce(sources.n, 0)
        else coalesce(fed.passed, 0)
    end as inputs,
    coalesce(judged.ok, 0) as ok,
    coalesce(judged.rejected, 0) as rejected,
    coalesce(judged.failed, 0) as failed,
    case
        when step_kind.role = 'output' then coalesce(judged.n, 0)
        when step.gate is null then coalesce(sources.n, 0)
        else coalesce(fed.passed, 0)
    end - coalesce(judged.ok + judged.rejected + judged.failed, 0) as waiting,
    round(coalesce(judged.seconds, 0), 3) as seconds
from step
join step_kind on step_kind.step_id = step.id
left join judged on judged.step_id = step.id and judged.kind = step_kind.kind
left join step as gate on gate.tool = step.gate and gate.dataset in ('', step.dataset)
left join judged as fed on fed.step_id = gate.id and fed.kind = step_kind.kind
left join sources on sources.kind = step_kind.kind
where step.active
    and (step_kind.role = 'input' or judged.n is not null)
order by step.position, step.dataset, step_kind.role, step_kind.kind;
