-- Decide standing: what was decided on the very address of each of some items and nobody has taken back.
-- :ids is a JSON array of item ids. :dataset: only what is said of it or of all, '' for any.
select said.uid, said.kind, said.address, said.dataset, item.id
from json_each(:ids) as asked
join item on item.id = asked.value
join decision as said
    on (said.kind, said.address) = (item.kind, item.address) and said.verdict in ('keep', 'reject', 'pin')
where (:dataset = '' or said.dataset in ('', :dataset))
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
order by said.id;
