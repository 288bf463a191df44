-- Seconds: how long each tool took per item.
-- Of the outcomes that stand; seconds of a worker, not of the clock: two workers finish two items in one second's time.
with timed as (
    select
        outcome.step_id, outcome.kind, outcome.seconds,
        row_number() over (partition by outcome.step_id, outcome.kind order by outcome.seconds) as place,
        count(*) over (partition by outcome.step_id, outcome.kind) as n
    from outcome
    join step_kind
        on step_kind.step_id = outcome.step_id and step_kind.kind = outcome.kind and step_kind.role = 'input'
    where outcome.latest and outcome.live
)
select
    step.stage, step.tool, step.dataset, timed.kind, max(timed.n) as n,
    round(sum(timed.seconds), 1) as seconds,
    round(avg(timed.seconds), 4) as mean_s,
    round(max(case when timed.place = (timed.n + 1) / 2 then timed.seconds end), 4) as median_s,
    round(max(case when timed.place = (timed.n * 95 + 99) / 100 then timed.seconds end), 4) as p95_s,
    round(max(timed.seconds), 4) as max_s
from timed
join step on step.id = timed.step_id and step.active
group by timed.step_id, timed.kind
order by step.position, step.dataset, timed.kind;
