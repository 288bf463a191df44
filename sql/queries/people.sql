-- How many people there are, and how many images each has.
-- A row for each cluster of faces. name: what most of its sure images show; unsure: images that wait for a person's
-- word; example: the path of one image. Without a cluster: who shows no face, and whose track shows none.
with judged as (
    select
        item.address, item.path, identities.cluster, identities.identity, outcome.passed, outcome.reason,
        substr(item.address, 1, instr(item.address, '/') - 1) as source
    from outcome
    join step on step.id = outcome.step_id
    join item on item.id = outcome.item_id
    left join identities on identities.outcome_id = outcome.id
    where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live and item.newest
)
select
    cluster, max(case when passed or reason = 'unwanted_person' then identity end) as name, count(*) as images,
    count(distinct source) as sources, sum(passed) as passed,
    sum(not passed and reason is 'identity_unsure') as unsure, min(path) as example
from judged
group by cluster
order by cluster is null, cluster;
