-- Item children: what was made from an item, a few pictures of each kind, and how many there are.
select kind, id, version, path, width, height, n, address
from (
    select
        kind, id, version, path, width, height, address, count(*) over (partition by kind) as n,
        row_number() over (partition by kind order by id) as place
    from item
    where parent_id = :item and newest
)
where place <= :limit
order by kind, id;
