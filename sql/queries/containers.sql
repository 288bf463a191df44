-- Containers: raw files, accepted and rejected by reason, for each folder.
-- status: waiting where intake has not judged them. folder: a part of its name, empty for all.
select
    file.folder,
    case when outcome.id is null then 'waiting' when outcome.passed then 'accepted' when outcome.status = 'failed'
        then 'failed' else 'rejected' end as status,
    case when outcome.passed then null when outcome.status = 'ok' then 'rejected_by_hand'
        else outcome.reason end as reason,
    count(*) as files, sum(file.size) as bytes, round(sum(video.duration_s), 1) as duration_s,
    min(file.shown) as example
from file
left join outcome
    on outcome.item_id = file.item_id and outcome.latest and outcome.live
    and outcome.step_id = (select id from step where tool = 'intake' and dataset = '')
left join video on video.item_id = file.item_id
where :folder = '' or instr(file.folder, :folder) > 0
group by 1, 2, 3
order by 1, 2, files desc, 3;
