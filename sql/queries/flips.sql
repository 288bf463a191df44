-- Flips: which verdicts differ between two runs of a tool.
-- What the later run has judged, against what stood of the same address when the earlier one had ended. Only what was
-- done again is in it; a moved limit does nothing again: the query what_if tells what it changes. after: number of the
-- later run, empty for the last one that judged something again. before: number of the earlier run, empty for the one
-- before it.
with again as (
    select max(newer.run_id) as id
    from outcome as older
    cross join outcome as newer
        on newer.item_id = older.item_id and newer.step_id = older.step_id and newer.latest
    where not older.latest
),
later as (
    select run.id, run.step_id
    from run
    where run.id = coalesce(cast(nullif(:after, '') as integer), (select id from again))
),
earlier as (
    select
        later.id as later_id, later.step_id,
        coalesce(
            cast(nullif(:before, '') as integer),
            (select max(run.id) from run where run.step_id = later.step_id and run.id < later.id)
        ) as id
    from later
),
judged as (
    select
        earlier.id as earlier_id, earlier.later_id, earlier.step_id, outcome.id, item.id as item_id, item.kind,
        item.address, item.path, outcome.status, outcome.reason, outcome.detail,
        (
            select max(older.id)
            from item as same
            join outcome as older
                on older.item_id = same.id and older.step_id = earlier.step_id and older.run_id <= earlier.id
            where same.kind = item.kind and same.address = item.address
        ) as older_id
    from earlier
    join outcome on outcome.run_id = earlier.later_id
    join item on item.id = outcome.item_id
)
select
    step.tool, step.dataset, judged.earlier_id as before_run, judged.later_id as after_run,
    case when older.status = 'ok' then 'now out' when judged.status = 'ok' then 'now in'
        else 'out otherwise' end as flip,
    judged.item_id, judged.kind, coalesce(older.reason, 'ok') as before, coalesce(judged.reason, 'ok') as after,
    judged.detail, judged.path, judged.address
from judged
join outcome as older on older.id = judged.older_id
join step on step.id = judged.step_id
where coalesce(older.reason, '') <> coalesce(judged.reason, '')
order by flip, judged.kind, judged.address;
