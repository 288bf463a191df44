-- Spectrum said: what people decided on images of one kind, and what a limit looks at of each.
-- Decisions on the image itself, or on the crop or cut-out that it is; a word on a video is none on each of its images.
-- What a rejection keeps from this step counts as well. The marks take the measurement and its table.
select decision.verdict <> 'reject' as keep, /*value*/ null as value
from outcome indexed by outcome_decision
cross join decision on decision.id = outcome.decision_id
join item on item.id = outcome.item_id and item.newest
/*tables*/
where outcome.decision_id is not null and outcome.step_id = :step and outcome.kind = :kind and outcome.latest
    and (
        decision.kind = outcome.kind
        or (outcome.kind in ('cutout', 'composite') and decision.kind in ('person', 'cutout'))
    )
    /*measured*/;
