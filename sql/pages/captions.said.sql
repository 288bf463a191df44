-- Captions said: some decisions, as they were written.
-- :ids is a JSON array of their ids.
select decision.id as decision_id, decision.uid, decision.kind, decision.address, decision.dataset, decision.item_id as id, decision.created_at
from json_each(:ids) as asked
join decision on decision.id = asked.value;
