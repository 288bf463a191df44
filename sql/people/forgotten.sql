-- The words by which it stands who some persons are (:ids, a JSON array), each with all of its decisions.
-- Where nothing was said of a person alone, that is the word on the whole cluster. images: of so many they speak in all.
-- temp.said: as decisions.load_said puts it together.
with asked (item_id) as (
    select value from json_each(:ids)
),
matched as (
    select outcome.item_id, "match".cluster
    from outcome
    join "match" on "match".outcome_id = outcome.id
    where outcome.step_id = (select id from step where tool = 'match' and dataset = '') and outcome.latest
        and (outcome.item_id in (select item_id from asked) or outcome.item_id in (select item_id from temp.said))
),
standing as (
    select said.item_id, said.decision_id, matched.cluster,
        decision.note glob 'cluster *' or decision.note glob 'merged *' or decision.note glob 'split *' as whole
    from temp.said as said
    join decision on decision.id = said.decision_id
    left join matched on matched.item_id = said.item_id
),
meant as (
    select decision_id from standing where item_id in (select item_id from asked)
    union
    select standing.decision_id
    from asked
    join matched as own on own.item_id = asked.item_id
    join standing on standing.whole and standing.cluster = own.cluster
    where asked.item_id not in (select item_id from standing)
),
words as (
    select decision_id from meant
    union
    select other.id
    from meant
    join decision as said on said.id = meant.decision_id
    join decision as other on other.together = said.together
    where other.uid not in (select undoes from decision where undoes is not null)
),
images as (
    select standing.item_id from words join standing on standing.decision_id = words.decision_id
    union
    select outcome.item_id
    from words
    join standing on standing.decision_id = words.decision_id and standing.whole
    join "match" on "match".cluster = standing.cluster
    join outcome on outcome.id = "match".outcome_id and outcome.latest and outcome.live
)
select decision.uid, (select count(*) from images) as images
from words
join decision on decision.id = words.decision_id
order by decision.id;
