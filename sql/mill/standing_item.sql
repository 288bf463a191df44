-- The newest item of an address, where its whole line up to the source is newest too.
with recursive line (item_id, parent_id, newest) as (
    select id, parent_id, newest from item where kind = :kind and address = :address and newest
    union all
    select item.id, item.parent_id, item.newest from line join item on item.id = line.parent_id
)
select item_id
from line
where (select min(newest) from line) = 1
limit 1;
