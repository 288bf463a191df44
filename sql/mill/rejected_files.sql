-- The files of everything that stands rejected at one step, with the reason; raw_path where the file is the user's.
select
    case when outcome.status = 'ok' then 'rejected_by_hand'
        else outcome.reason end as reason,
    item.path, file.folder, file.path as raw_path
from outcome
join item on item.id = outcome.item_id
left join file on file.item_id = item.id
where outcome.step_id = :step and outcome.latest and outcome.live and not outcome.passed
    and outcome.status <> 'failed' and item.path is not null
order by item.path;
