-- Compare alike of: the cut-out that a dataset kept instead of one, or that one itself.
select kept.id
from outcome
join item on item.id = outcome.item_id
left join "select" as choice on choice.outcome_id = outcome.id and outcome.reason in ('same_moment', 'similar_to_better')
join item as kept
    on kept.kind = item.kind and kept.address = coalesce(choice.kept_address, item.address) and kept.newest
where outcome.step_id = :step and outcome.item_id = :item and outcome.latest;
