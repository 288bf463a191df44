-- People words: the images of which a person has said who it is, or that match has judged by such a word.
-- :ids is a JSON array of the items of which something stands said. said_id: the decision that match knows of.
with named (item_id) as (
    select value from json_each(:ids)
    union
    select outcome.item_id
    from outcome
    where outcome.said_id is not null and outcome.latest and outcome.live
        and outcome.step_id = (select id from step where tool = 'match' and dataset = '')
)
select item.id, item.version, outcome.said_id, "match".cluster
from named
join item on item.id = named.item_id
join outcome
    on outcome.step_id = (select id from step where tool = 'match' and dataset = '')
    and outcome.item_id = item.id and outcome.latest and outcome.live
left join "match" on "match".outcome_id = outcome.id
order by item.id;
