-- Compare twin of: the frame that was kept before one that looks just like it, or that one itself.
select
    case when outcome.reason = 'near_duplicate' then (
        select kept.id
        from item as kept
        where kept.kind = 'frame' and kept.newest and kept.path is not null and kept.address < item.address
            and kept.address > substr(item.address, 1, instr(item.address, '/'))
        order by kept.address desc
        limit 1
    ) else item.id end as id
from outcome
join item on item.id = outcome.item_id
where outcome.step_id = :step and outcome.item_id = :item and outcome.latest;
