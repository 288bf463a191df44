-- The decisions that stand and that one command wrote together with the decision :uid; that alone where it was alone.
select other.uid, other.kind, other.address, other.dataset, other.item_id as id
from decision as said
join decision as other on other.uid = said.uid or other.together = said.together
where said.uid = :uid
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = other.uid)
order by other.id;
