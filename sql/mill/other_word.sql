-- Outcomes after which a person said something else of the item, or took it back: they are stale.
-- temp.said holds what stands (item_id, decision_id).
update outcome
set stale = 1
where step_id = :step and latest and not stale
    and item_id in (
        select item_id from temp.said
        union
        select item_id from outcome where said_id is not null and latest and step_id = :step
    )
    and said_id is not (select decision_id from temp.said where said.item_id = outcome.item_id);
