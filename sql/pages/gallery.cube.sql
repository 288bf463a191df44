-- Gallery cube: how many items of a set share each combination of what can be filtered by.
-- Every count beside a filter is a sum over it. verdict: what a person decided, '' nothing. source: the source's address.
-- The marks take more tables and conditions: the ranges of measurements. Grouped by source first: it differs most, so that
-- least is compared.
select
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status = 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
    substr(item.address, 1, instr(item.address || '/', '/') - 1) as source,
    coalesce(person.shot, '') as shot, coalesce(person.view, '') as view, outcome.run_id as run,
    coalesce(decision.verdict, '') as verdict, count(*) as n
from outcome indexed by outcome_gallery
join item on item.id = outcome.item_id
left join person
    on person.item_id = case outcome.kind
        when 'person' then item.id
        when 'cutout' then item.parent_id
        when 'composite' then (select parent.parent_id from item as parent where parent.id = item.parent_id)
        when 'caption' then (select parent.parent_id from item as parent where parent.id = item.parent_id)
    end
left join decision on decision.id = outcome.decision_id
/*tables*/
where outcome.step_id = :step and outcome.kind = :kind and outcome.latest and outcome.live
/*conditions*/
group by 3, 1, 2, 4, 5, 6, 7;
