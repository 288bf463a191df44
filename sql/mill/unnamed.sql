-- The persons whom some items show of whom match is not sure, and nobody has said who they are.
-- :ids is a JSON array of the ids of persons and of what was made of them.
with recursive above (id) as (
    select value from json_each(:ids)
    union
    select item.parent_id from above join item on item.id = above.id
    where item.kind <> 'person' and item.parent_id is not null
)
select item.id
from above
join item on item.id = above.id and item.kind = 'person'
join outcome on outcome.item_id = item.id and outcome.latest
join identities on identities.outcome_id = outcome.id and identities.unnamed
order by item.id;
