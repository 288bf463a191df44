-- Decide adopted: keep, reject and pin by the ids of the decisions, as far as nobody has taken them back.
-- :decisions is a JSON array. :dataset: only what is said of it or of all, '' for any.
select said.id as decision, said.uid, said.kind, said.address, said.dataset, said.item_id as id
from json_each(:decisions) as asked
join decision as said on said.id = asked.value
where said.verdict in ('keep', 'reject', 'pin') and (:dataset = '' or said.dataset in ('', :dataset))
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid);
