-- Sources: every file in the raw folders and what became of it.
-- shown: its name, readable. frames, chosen: how many it gave, and how many of them are in a package.
select
    file.folder, file.shown, file.size as bytes, item.id as item_id,
    case when outcome.id is null then 'waiting' when outcome.passed then 'ok' else outcome.status end as status,
    case when outcome.passed then null when outcome.status = 'ok' then 'rejected_by_hand'
        else outcome.reason end as reason,
    outcome.detail,
    (
        select count(*) from item as made
        where made.parent_id = item.id and made.kind = 'frame' and made.newest
    ) as frames,
    coalesce(packaged.n, 0) as chosen
from file
left join item on item.id = file.item_id
left join outcome
    on outcome.item_id = item.id and outcome.latest
    and outcome.step_id = (select id from step where tool = 'intake' and dataset = '')
left join (select source_id, count(*) as n from final group by source_id) as packaged on packaged.source_id = item.id
order by file.folder, file.shown;
