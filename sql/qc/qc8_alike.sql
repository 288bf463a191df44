-- No two images of a package show nearly the same.
-- QC8, error. The stored likeness of their cut-outs differs by 0.02 at least: the same picture, encoded again, lies at
-- 0.01. Images that somebody pinned or kept are that person's.
-- Remedy: Reject one of the two with make reject, and look whether select.min_difference was lowered.
with shown as (
    select package.step_id, package_item.item_id, package_item.path, score.likeness
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    join item on item.id = package_item.item_id
    join outcome as scored
        on scored.item_id = item.parent_id and scored.latest
        and scored.step_id = (select id from step where tool = 'score' and dataset = '')
    join score on score.outcome_id = scored.id and score.likeness is not null
    left join outcome as chosen
        on chosen.item_id = item.parent_id and chosen.latest
        and chosen.step_id = (
            select id from step as chooser where chooser.tool = 'select' and chooser.dataset = step.dataset
        )
    where package.state = 'current' and chosen.decision_id is null
)
select
    other.item_id, other.path,
    printf('It differs by %.3f from %s.', unlikeness(one.likeness, other.likeness), one.path) as detail
from shown as one
join shown as other on other.step_id = one.step_id and other.item_id > one.item_id
where unlikeness(one.likeness, other.likeness) < 0.02
order by other.item_id, one.item_id;
