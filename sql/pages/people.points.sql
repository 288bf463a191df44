-- People points: the embeddings of some items, in the order in which they are named.
-- :ids is a JSON array of item ids.
select embedded.item_id as id, embed.embedding
from json_each(:ids) as asked
join outcome as embedded
    on embedded.step_id = (select id from step where tool = 'embed' and dataset = '')
    and embedded.item_id = asked.value and embedded.latest
join embed on embed.outcome_id = embedded.id and embed.embedding is not null
order by asked.key;
