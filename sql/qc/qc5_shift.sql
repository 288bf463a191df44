-- The masks of the last run are distributed like those before.
-- QC5, warning. Coverage, largest part and soft edge, of 20 cut-outs or more on each side: the two-sample
-- Kolmogorov-Smirnov test at 0.001, where the distributions also differ by 0.2.
-- Remedy: Other footage or another engine explains it; else look at cut-outs of both runs side by side.
with measured as (
    select outcome.run_id, 'coverage' as metric, mask.coverage as value
    from outcome join mask on mask.outcome_id = outcome.id
    where outcome.kind = 'cutout' and mask.coverage is not null
    union all
    select outcome.run_id, 'largest_share', mask.largest_share
    from outcome join mask on mask.outcome_id = outcome.id
    where outcome.kind = 'cutout' and mask.largest_share is not null
    union all
    select outcome.run_id, 'soft_share', mask.soft_share
    from outcome join mask on mask.outcome_id = outcome.id
    where outcome.kind = 'cutout' and mask.soft_share is not null
),
last_run as (
    select max(run.id) as id
    from run
    join step on step.id = run.step_id and step.tool = 'mask'
    where (select count(*) from outcome where outcome.run_id = run.id and outcome.kind = 'cutout') >= 20
),
stepped as (
    select
        metric, run_id = last_run.id as of_last,
        sum(run_id = last_run.id) over sorted as later, sum(run_id <> last_run.id) over sorted as before,
        sum(run_id = last_run.id) over whole as n_later, sum(run_id <> last_run.id) over whole as n_before
    from measured
    join last_run on measured.run_id <= last_run.id
    window sorted as (partition by metric order by value), whole as (partition by metric)
),
apart as (
    select
        metric, n_later, n_before, max(abs(1.0 * later / n_later - 1.0 * before / n_before)) as distance
    from stepped
    where n_later >= 20 and n_before >= 20
    group by metric
)
select
    null as item_id, metric as path,
    printf(
        'Run %d, %d cut-outs, against the %d before it: they differ by %.2f.', last_run.id, n_later, n_before, distance
    ) as detail
from apart
join last_run
-- 1.95 is the test's bound at 0.001 for sqrt(n m / (n + m)) D, here squared.
where distance >= 0.2 and distance * distance * n_later * n_before > 1.95 * 1.95 * (n_later + n_before)
order by metric;
