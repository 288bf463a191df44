-- Captions by hand: what people wrote, beside the image it stands for.
-- note: how it came about. in_force: 1 where the caption of today says it. dataset: empty for all.
select
    decision.dataset, decision.value as text, decision.actor, decision.created_at, decision.note, cutout.path,
    exists (
        select 1
        from caption
        join item on item.id = caption.item_id and item.newest
        where item.parent_id = cutout.id and decision.dataset in ('', caption.dataset) and caption.text = decision.value
    ) as in_force
from decision
left join item as cutout on cutout.kind = 'cutout' and cutout.address = decision.address and cutout.newest
where decision.verdict = 'caption' and (:dataset = '' or decision.dataset = :dataset)
order by decision.dataset, decision.id;
