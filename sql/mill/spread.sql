-- Spread decisions downwards: every newest descendant gets the nearest decision above it.
-- temp.in_force holds (item_id, decision_id, verdict) of the items that were decided on themselves.
insert into temp.decided (item_id, decision_id, verdict, own)
with recursive reach (item_id, decision_id, verdict, own) as (
    select item_id, decision_id, verdict, 1 from temp.in_force
    union all
    select item.id, reach.decision_id, reach.verdict, 0
    from reach
    join item on item.parent_id = reach.item_id and item.newest
    where not exists (select 1 from temp.in_force where in_force.item_id = item.id)
)
select item_id, decision_id, verdict, own from reach;
