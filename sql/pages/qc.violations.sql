-- QC violations: the first of each check that found something the last time.
-- has_picture: whether there is one of the item to be shown. file: where it lies, if it is one of a tool's. name: of a
-- source's file.
select
    placed.qc_result_id as check_id, placed.path, placed.detail, item.id, item.kind, item.version,
    item.path is not null or item.kind in ('video', 'photo', 'background', 'reference', 'caption') as has_picture,
    case when item.parent_id is not null then item.path end as file,
    (select file.shown from file where file.item_id = item.id order by file.id limit 1) as name
from (
    select qc_violation.*, row_number() over (partition by qc_result_id order by id) as place
    from qc_violation
) as placed
left join item on item.id = placed.item_id
where placed.place <= :limit
order by placed.id;
