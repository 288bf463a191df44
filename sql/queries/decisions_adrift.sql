-- Decisions adrift: standing decisions that find no image today.
-- Their source is gone, or a redone step no longer makes the image and nobody in its frame overlaps with whom it meant
-- (IoU of the boxes at least 0.5). Nothing is lost: they hold again as soon as the image is back.
with recursive standing as (
    select *
    from decision
    where id in (
        select max(said.id)
        from decision as said
        where said.verdict in ('keep', 'reject', 'pin')
            and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
        group by said.kind, said.address, said.dataset
    )
),
line (decision_id, parent_id, newest) as (
    select standing.id, item.parent_id, 1
    from standing
    join item on item.kind = standing.kind and item.address = standing.address and item.newest
    union all
    select line.decision_id, item.parent_id, item.newest from line join item on item.id = line.parent_id
),
lost as (
    select *
    from standing
    where id not in (select decision_id from line group by decision_id having min(newest) = 1)
),
-- The address up to the frame, and what follows the person.
split as (
    select
        lost.id as decision_id, lost.kind, lost.item_id,
        parts.source || '/' || parts.time as frame,
        case instr(parts.person, '/') when 0 then '' else substr(parts.person, instr(parts.person, '/')) end as tail
    from lost
    join (
        select
            id, source, substr(rest, 1, instr(rest, '/') - 1) as time, substr(rest, instr(rest, '/') + 1) as person
        from (
            select
                id, substr(address, 1, instr(address, '/') - 1) as source,
                substr(address, instr(address, '/') + 1) as rest
            from lost
            where address like '%/%/%'
        )
    ) as parts on parts.id = lost.id
),
above (decision_id, item_id) as (
    select decision_id, item_id from split where item_id is not null
    union all
    select above.decision_id, item.parent_id from above join item on item.id = above.item_id where item.parent_id
),
overlap as (
    select
        split.decision_id, split.kind, item.address || split.tail as address, item.address as person_address,
        max(0, min(meant.box_x1_px, now.box_x1_px) - max(meant.box_x0_px, now.box_x0_px))
        * max(0, min(meant.box_y1_px, now.box_y1_px) - max(meant.box_y0_px, now.box_y0_px)) as shared,
        (meant.box_x1_px - meant.box_x0_px) * (meant.box_y1_px - meant.box_y0_px)
        + (now.box_x1_px - now.box_x0_px) * (now.box_y1_px - now.box_y0_px) as sum_of_both
    from split
    join above on above.decision_id = split.decision_id
    join person as meant on meant.item_id = above.item_id
    join item
        on item.kind = 'person' and item.newest
        and item.address >= split.frame || '/' and item.address < split.frame || '0'
    join person as now on now.item_id = item.id
),
nearest as (
    select
        *, 1.0 * shared / (sum_of_both - shared) as iou,
        row_number() over (
            partition by decision_id order by 1.0 * shared / (sum_of_both - shared) desc, person_address
        ) as place
    from overlap
),
reached (decision_id, parent_id, newest) as (
    select nearest.decision_id, item.parent_id, 1
    from nearest
    join item on item.kind = nearest.kind and item.address = nearest.address and item.newest
    where nearest.place = 1 and nearest.iou >= 0.5
    union all
    select reached.decision_id, item.parent_id, item.newest from reached join item on item.id = reached.parent_id
)
select
    lost.id as decision_id, lost.verdict, lost.kind, lost.dataset, lost.actor, lost.created_at, lost.note,
    item.path, lost.address
from lost
left join item on item.id = lost.item_id
where lost.id not in (select decision_id from reached group by decision_id having min(newest) = 1)
order by lost.id;
