-- The grounds of composites are drawn as composite.modes says.
-- QC6, warning. Of each mode as many as its share says, by the exact binomial test, two-sided, at 0.001 divided by the
-- number of modes. Without accepted library pictures the library's share goes to the others.
-- Remedy: Look at the mode's images; after an edit of composite.modes type make all.
with drawn as (
    select outcome.step_id, composite.mode, count(*) as n
    from outcome
    join step on step.id = outcome.step_id and step.recipe_id = outcome.recipe_id
    join composite on composite.item_id = outcome.item_id
    where step.tool = 'composite' and step.active
        and outcome.kind = 'composite' and outcome.latest and outcome.live and not outcome.stale
    group by outcome.step_id, composite.mode
),
named as (
    select step_id, mode from ground_shares where weight > 0
    union
    select step_id, mode from drawn
),
compared as (
    select
        named.step_id, named.mode, coalesce(drawn.n, 0) as n, coalesce(ground_shares.share, 0.0) as share,
        count(*) over (partition by named.step_id) as modes, sum(drawn.n) over (partition by named.step_id) as total
    from named
    left join ground_shares on ground_shares.step_id = named.step_id and ground_shares.mode = named.mode
    left join drawn on drawn.step_id = named.step_id and drawn.mode = named.mode
)
select
    null as item_id, step.dataset || ': ' || mode as path,
    printf('%d of %d, where %.0f %% were to be expected.', n, total, 100 * share) as detail
from compared
join step on step.id = compared.step_id
where total > 0 and binomial_p(n, total, share) < 0.001 / modes
order by step.dataset, mode;
