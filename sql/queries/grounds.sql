-- Grounds: what stands behind the composites, and how that agrees with composite.modes.
-- share, expected: of the dataset's composites; without library pictures the library's share goes to the others.
-- pictures: different library pictures. most_of_one: how often the most frequent of them stands there. dataset: empty
-- for all.
with stands as (
    select
        outcome.step_id, composite.mode, composite.background_address,
        count(*) over (partition by outcome.step_id, composite.background_address) as same
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'composite' and step.active
    join composite on composite.item_id = outcome.item_id
    where outcome.kind = 'composite' and outcome.latest and outcome.live
),
counted as (
    select
        step_id, mode, count(*) as n, count(distinct background_address) as pictures,
        max(case when background_address is not null then same end) as most_of_one
    from stands
    group by step_id, mode
),
named as (
    select step_id, mode from ground_shares
    union
    select step_id, mode from counted
)
select
    step.dataset, named.mode, coalesce(counted.n, 0) as n,
    round(1.0 * coalesce(counted.n, 0) / sum(counted.n) over (partition by named.step_id), 3) as share,
    round(ground_shares.share, 3) as expected,
    counted.pictures, counted.most_of_one
from named
join step on step.id = named.step_id
left join ground_shares on ground_shares.step_id = named.step_id and ground_shares.mode = named.mode
left join counted on counted.step_id = named.step_id and counted.mode = named.mode
where :dataset = '' or step.dataset = :dataset
order by step.dataset, n desc, named.mode;
