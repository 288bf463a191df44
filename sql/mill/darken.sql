-- Darken what stands on items that no longer pass: their outcomes at later steps, and all outcomes of what was made from them.
-- The cross joins keep the order of the tables: from the few that fell to their outcomes, never from all outcomes.
-- temp.fallen holds item_id and gone: 1 where the item itself left, 0 where it only fell at this step (:position).
-- What falls for one dataset (:dataset) keeps its place in the others.
update outcome
set live = 0
where latest and live and id in (
    with recursive below (item_id, after) as (
        select item_id, case gone when 1 then -1 else :position end from temp.fallen
        union
        select item.id, -1 from below join item on item.parent_id = below.item_id
    )
    select outcome.id
    from below
    cross join outcome on outcome.item_id = below.item_id and outcome.latest and outcome.live
    cross join step on step.id = outcome.step_id
    where step.position > below.after and (:dataset = '' or step.dataset = :dataset)
);
