-- Decide standing: the last decision on the very address of each of some items that nobody has taken back.
-- :ids is a JSON array of item ids. :dataset: only what is said of it or of all, '' for any.
select decision.uid, decision.kind, decision.address, decision.dataset, item.id
from json_each(:ids) as asked
join item on item.id = asked.value
join decision
    on decision.id = (
        select max(said.id)
        from decision as said
        where (said.kind, said.address) = (item.kind, item.address) and said.verdict in ('keep', 'reject', 'pin')
            and (:dataset = '' or said.dataset in ('', :dataset))
            and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
    );
