-- What people last said in one matter (:verdict): the last value on each address that nobody has undone.
-- :dataset as in standing.sql.
select decision.id, decision.kind, decision.address, decision.verdict, decision.item_id
from decision
where decision.id in (
    select max(said.id)
    from decision as said
    where said.verdict = :verdict and said.dataset in ('', :dataset)
        and said.uid not in (select undoes from decision where verdict = 'undo' and undoes is not null)
    group by said.kind, said.address
);
