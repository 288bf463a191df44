-- Decide undone: the decisions that were taken back with some others, and these.
-- :uids is a JSON array. Those that one command wrote are taken back together.
select said.id, said.kind, said.address, said.item_id
from json_each(:uids) as asked
join decision as word on word.uid = asked.value
join decision as said on said.id = word.id
union
select said.id, said.kind, said.address, said.item_id
from json_each(:uids) as asked
join decision as word on word.uid = asked.value and word.together is not null
join decision as said on said.together = word.together;
