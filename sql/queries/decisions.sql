-- Decisions: what people decided, newest first, and whether it still stands.
-- state: stands, taken back, or replaced by a later one on the same image.
select
    decision.id as decision_id, decision.verdict, decision.kind, decision.item_id, item.path, decision.dataset,
    case
        when exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = decision.uid)
            then 'taken back'
        when exists (
            select 1 from decision as later
            where later.id > decision.id and later.verdict <> 'undo'
                and (later.kind, later.address, later.dataset) = (decision.kind, decision.address, decision.dataset)
                and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = later.uid)
        ) then 'replaced'
        else 'stands'
    end as state,
    decision.actor, decision.created_at, coalesce(decision.note, decision.reason) as why, decision.address
from decision
left join item on item.id = decision.item_id
where decision.verdict <> 'undo'
order by decision.id desc;
