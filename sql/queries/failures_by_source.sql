-- Failures by source: which footage loses its images where, and why.
-- source: a part of its path, empty for all. share: of what the tool judged of that source.
with recursive tree (item_id, source_id) as (
    select id, id from item where parent_id is null and newest
    union all
    select item.id, tree.source_id from tree join item on item.parent_id = tree.item_id and item.newest
),
judged as (
    select
        tree.source_id, outcome.step_id, outcome.kind,
        case when outcome.passed then null when outcome.status = 'ok' then 'rejected_by_hand'
            else outcome.reason end as reason,
        count(*) as n
    from tree
    join outcome on outcome.item_id = tree.item_id and outcome.latest and outcome.live
    group by 1, 2, 3, 4
),
shared as (
    select *, round(1.0 * n / sum(n) over (partition by source_id, step_id, kind), 4) as share
    from judged
)
select source.path as source_path, step.tool, step.dataset, shared.kind, shared.reason, shared.n, shared.share
from shared
join step on step.id = shared.step_id and step.active
join item as source on source.id = shared.source_id
where shared.reason is not null and instr(source.path, :source) > 0
order by source.path, step.position, step.dataset, shared.n desc, shared.reason;
