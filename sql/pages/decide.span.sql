-- Decide span: the decisions from one to another, by their uids, that nobody has taken back.
-- What the reviewer says at once is written in one transaction, so that nobody else's rows lie between.
select said.uid, said.kind, said.address, said.dataset, said.item_id as id
from decision as first
join decision as last on last.uid = :last
join decision as said on said.id between first.id and last.id
where first.uid = :first and said.verdict <> 'undo'
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
order by said.id;
