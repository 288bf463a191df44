-- Compare place: how many items of a set come before one of them, in the order of the items.
select
    (
        select count(*)
        from outcome indexed by outcome_gallery
        where outcome.step_id = own.step_id and outcome.kind = own.kind and outcome.latest and outcome.live
            and outcome.item_id < own.item_id
    ) as before
from outcome as own
where own.step_id = :step and own.item_id = :item and own.latest and own.live;
