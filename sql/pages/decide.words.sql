-- Decide words: decisions by their uids that nobody has taken back.
-- :uids is a JSON array.
select decision.uid, decision.kind, decision.address, decision.dataset, decision.item_id as id
from json_each(:uids) as asked
join decision on decision.uid = asked.value
where decision.verdict <> 'undo'
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = decision.uid);
