-- Everything in force that was made from one item, with what became of it.
-- status: out where a live outcome did not pass or none is live. packaged: its path in a current package.
with recursive below (item_id) as (
    select id from item where parent_id = :item and newest
    union all
    select item.id from below join item on item.parent_id = below.item_id and item.newest
)
select
    item.id as item_id, item.kind, item.path, item.address,
    exists (select 1 from outcome where outcome.item_id = item.id and outcome.latest and outcome.live)
        and not exists (
            select 1 from outcome
            where outcome.item_id = item.id and outcome.latest and outcome.live and not outcome.passed
        ) as passed,
    (
        select package_item.path
        from package_item join package on package.id = package_item.package_id and package.state = 'current'
        where package_item.item_id = item.id
    ) as packaged
from below
join item on item.id = below.item_id
order by item.id;
