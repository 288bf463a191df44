-- Who there is: the clusters of faces, the largest first.
-- name: what most of its images that match is sure of show, or null. unsure: images that wait for a person's word. The
-- row without a cluster counts those who show no face and whose track shows none.
with judged as (
    select item.address, identities.cluster, identities.identity, outcome.passed, outcome.reason
    from outcome
    join step on step.id = outcome.step_id
    join item on item.id = outcome.item_id
    left join identities on identities.outcome_id = outcome.id
    where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live and item.newest
),
named as (
    select cluster, identity, row_number() over (partition by cluster order by count(*) desc, identity) as place
    from judged
    where identity is not null and (passed or reason = 'unwanted_person')
    group by cluster, identity
)
select
    judged.cluster, named.identity as name, count(*) as images,
    count(distinct substr(judged.address, 1, instr(judged.address, '/') - 1)) as sources,
    sum(judged.passed) as passed,
    sum(not judged.passed and judged.reason is 'identity_unsure') as unsure
from judged
left join named on named.cluster is judged.cluster and named.place = 1
group by judged.cluster
order by judged.cluster is null, judged.cluster;
