-- Everything in force that was made from one item, with what became of it.
-- passed: 0 where a shared tool rejected it, or what it was made from is out. why: the tools that rejected it, those of
-- datasets too. packaged: its path in a current package.
with recursive below (item_id) as (
    select id from item where parent_id = :item and newest
    union all
    select item.id from below join item on item.parent_id = below.item_id and item.newest
),
judged as (
    select
        below.item_id,
        coalesce(sum(outcome.live), 0) > 0
            and not coalesce(
                sum(outcome.live and not outcome.passed and (step.dataset = '' or outcome.kind <> 'cutout')), 0
            ) as passed,
        group_concat(
            case when outcome.live and not outcome.passed then
                step.tool || case step.dataset when '' then '' else ' ' || step.dataset end || ': '
                || coalesce(outcome.reason, 'rejected_by_hand')
            end, ', '
        ) as why
    from below
    left join outcome on outcome.item_id = below.item_id and outcome.latest
    left join step on step.id = outcome.step_id
    group by below.item_id
)
select item.id as item_id, item.kind, item.path, item.address, judged.passed, judged.why, package_item.path as packaged
from judged
join item on item.id = judged.item_id
left join package_item
    on package_item.item_id = item.id
    and package_item.package_id in (select id from package where state = 'current')
order by item.id;
