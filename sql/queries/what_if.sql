-- What if: how many would pass a limit if it stood elsewhere.
-- No file is opened, nothing is changed. gained, lost: against today. unmeasured: where the limit has nothing to look
-- at; that passes it. People's decisions stay. tool: whose limit it is, empty for score. key: of the limit as in the
-- configuration, empty for min_sharpness. value: where it would stand, empty for where it stands.
with asked as (
    select
        limits.*, cast(coalesce(nullif(:value, ''), limits.bound) as real) as moved
    from limits
    where limits.tool = coalesce(nullif(:tool, ''), 'score')
        and limits.key = coalesce(nullif(:key, ''), 'min_sharpness')
),
-- Several limits may share a reason: all of them have to let an item pass.
sharing as (
    select
        limits.step_id, limits.tool, limits.metric, limits.op,
        case when limits.key = asked.key then asked.moved else limits.bound end as bound
    from asked
    join limits on limits.step_id = asked.step_id and limits.reason = asked.reason
),
-- By what is the same for every row, so that only the tables of these metrics are read.
looked_at as materialized (
    select outcome_id, metric, value
    from measurements
    where tool = (select tool from asked) and metric in (select metric from sharing)
),
violating as materialized (
    select distinct looked_at.outcome_id
    from sharing
    join looked_at on looked_at.metric = sharing.metric
    where case sharing.op when '<' then looked_at.value < sharing.bound else looked_at.value > sharing.bound end
),
measured as materialized (
    select outcome_id from looked_at where metric = (select metric from asked)
),
judged as (
    select
        outcome.step_id, outcome.kind, outcome.passed,
        outcome.id in (select outcome_id from measured) as measured,
        case
            when outcome.status = 'failed' or outcome.defect or decision.verdict = 'reject' then 0
            when reason.nature = 'choice' then 0
            when decision.verdict in ('keep', 'pin') then 1
            when exists (
                select 1 from finding where finding.outcome_id = outcome.id and finding.reason <> asked.reason
            ) then 0
            else outcome.id not in (select outcome_id from violating)
        end as would
    from asked
    join outcome on outcome.step_id = asked.step_id and outcome.latest and outcome.live
    join step_kind on step_kind.step_id = outcome.step_id and step_kind.kind = outcome.kind
    left join decision on decision.id = outcome.decision_id
    left join reason on reason.tool = asked.tool and reason.code = outcome.reason
)
select
    asked.tool, asked.dataset, judged.kind, asked.key, asked.op, asked.bound, asked.moved as value,
    count(*) as judged, sum(judged.passed) as passing, sum(judged.would) as would_pass,
    sum(judged.would and not judged.passed) as gained, sum(judged.passed and not judged.would) as lost,
    sum(not judged.measured) as unmeasured
from asked
join judged on judged.step_id = asked.step_id
group by asked.step_id, judged.kind
having sum(judged.measured) > 0
order by asked.tool, asked.dataset, judged.kind;
