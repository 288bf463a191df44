-- Standing decisions: the last keep, reject or pin on each address that nobody has undone.
-- :dataset is '' for the shared steps; a dataset's steps obey its own decisions and the shared ones.
select decision.id, decision.kind, decision.address, decision.verdict, decision.item_id
from decision
where decision.id in (
    select max(said.id)
    from decision as said
    where said.verdict in ('keep', 'reject', 'pin') and said.dataset in ('', :dataset)
        and said.uid not in (select undoes from decision where verdict = 'undo' and undoes is not null)
    group by said.kind, said.address
);
