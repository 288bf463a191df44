-- Put items out of force, and all that was made from them.
-- :ids is a JSON list. Whether their parent made them stays written down, so that they come back with it.
update item
set newest = 0
where newest and id in (
    with recursive below (id) as (
        select value from json_each(:ids)
        union
        select item.id from below join item on item.parent_id = below.id and item.newest
    )
    select id from below
);
