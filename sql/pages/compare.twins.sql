-- Compare twins: the frames that others look just like, and how many those are.
-- A near duplicate was compared with the frame kept before it: the last one of its source that has a file.
select kept_id as id, count(*) as n
from (
    select
        (
            select kept.id
            from item as kept
            where kept.kind = 'frame' and kept.newest and kept.path is not null and kept.address < item.address
                and kept.address > substr(item.address, 1, instr(item.address, '/'))
            order by kept.address desc
            limit 1
        ) as kept_id
    from outcome indexed by outcome_gallery
    join item on item.id = outcome.item_id
    where outcome.step_id = :step and outcome.kind = 'frame' and outcome.latest and outcome.live
        and outcome.status = 'rejected' and outcome.reason = 'near_duplicate'
)
where kept_id is not null
group by kept_id
order by kept_id;
