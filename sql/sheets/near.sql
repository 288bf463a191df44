-- What a dataset nearly chose, nearest first for each reason: at most :most images each.
-- kept_rank: place in the order of choice of what is in instead. value, bound, metric: of the limit that alone stopped it.
with limited as (
    select
        cutouts.item_id, outcome.reason, null as detail, null as kept_address, finding.value, finding.bound,
        reason.metric,
        min(finding.value / nullif(finding.bound, 0), finding.bound / nullif(finding.value, 0)) as nearly,
        cutouts.shot, cutouts.view, null as score, cutouts.source_path, cutouts.time_s, cutouts.path
    from cutouts
    join outcome on outcome.item_id = cutouts.item_id and outcome.latest and outcome.live and not outcome.passed
    join step on step.id = outcome.step_id and step.tool = 'score'
    join finding on finding.outcome_id = outcome.id
    join reason on reason.tool = 'score' and reason.code = finding.reason
    where (select count(*) from finding as other where other.outcome_id = outcome.id) = 1
),
unchosen as (
    select
        item_id, reason, detail, kept_address, null as value, null as bound, null as metric, nearly, shot, view, score,
        source_path, time_s, path
    from selection
    where dataset = :dataset and not chosen and nearly is not null
),
ranked as (
    select *, row_number() over (partition by reason order by nearly desc, item_id) as place
    from (select * from unchosen union all select * from limited)
)
select ranked.*, kept.rank as kept_rank
from ranked
left join selection as kept on kept.dataset = :dataset and kept.chosen and kept.address = ranked.kept_address
where ranked.place <= :most
order by ranked.score is null, ranked.reason, ranked.place;
