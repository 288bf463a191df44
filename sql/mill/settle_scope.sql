-- Settle scope: the latest outcomes of one step on some items and on all that was made from them.
-- :ids is a JSON array of item ids.
insert or ignore into temp.scope
with recursive below (item_id) as (
    select value from json_each(:ids)
    union
    select item.id from below join item on item.parent_id = below.item_id
)
select outcome.id
from below
join outcome on outcome.step_id = :step and outcome.item_id = below.item_id and outcome.latest;
