-- Compare alike: the cut-outs that a dataset kept and others were left out for, and how many those are.
select kept.id, grouped.n
from (
    select choice.kept_address, count(*) as n
    from outcome indexed by outcome_gallery
    join "select" as choice on choice.outcome_id = outcome.id
    where outcome.step_id = :step and outcome.kind = 'cutout' and outcome.latest and outcome.live
        and outcome.status = 'rejected' and outcome.reason in ('same_moment', 'similar_to_better')
    group by choice.kept_address
) as grouped
join item as kept on kept.kind = 'cutout' and kept.address = grouped.kept_address and kept.newest
order by kept.id;
