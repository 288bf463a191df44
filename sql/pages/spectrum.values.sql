-- Spectrum values: what a limit looks at, of each item of one kind, and what else decides on it.
-- fate: 0 it is out whatever this limit says, 1 it is in whatever it says, 2 as it says. value: null where nothing was
-- measured, which passes a limit. The marks take the measurement, its table, and the other limits of the same reason.
select
    outcome.item_id, /*value*/ null as value,
    case
        when outcome.status = 'failed' or decision.verdict = 'reject' then 0
        when outcome.status = 'rejected' and (outcome.defect or reason.nature = 'choice') then 0
        when decision.verdict in ('keep', 'pin') then 1
        when outcome.status = 'rejected' and exists (
            select 1 from finding where finding.outcome_id = outcome.id and finding.reason <> :reason
        ) then 0
        /*others*/
        else 2
    end as fate,
    outcome.passed
from outcome indexed by outcome_gallery
left join decision on decision.id = outcome.decision_id
left join reason on reason.tool = :tool and reason.code = outcome.reason
/*tables*/
where outcome.step_id = :step and outcome.kind = :kind and outcome.latest and outcome.live;
