-- What people decided on one address, oldest first, and decisions that reached the item there from another address.
select
    decision.id, decision.verdict, decision.actor, decision.created_at, decision.note, decision.reason,
    decision.kind, decision.address, decision.dataset, decision.item_id,
    exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = decision.uid) as undone,
    decision.address <> :address as reattached
from decision
where decision.verdict <> 'undo' and (
    (decision.kind, decision.address) = (:kind, :address)
    or decision.id in (select decision_id from outcome where item_id = :item and latest and decision_id is not null)
)
order by decision.id;
