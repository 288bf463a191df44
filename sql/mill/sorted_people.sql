-- The crops of everybody who passed match, under each category that says something of them: shot/close, view/back.
-- folder and raw_path: as in rejected_files, always null.
with passed as (
    select item.path, person.shot, person.view, person.posture, person.arms, person.extent
    from step
    join outcome on outcome.step_id = step.id and outcome.latest and outcome.live and outcome.passed
    join item on item.id = outcome.item_id and item.path is not null
    join person on person.item_id = item.id
    where step.id = :step
)
select 'shot/' || shot as reason, path, null as folder, null as raw_path from passed where shot <> 'unknown'
union all
select 'view/' || view, path, null, null from passed where view is not null
union all
select 'posture/' || posture, path, null, null from passed where posture is not null
union all
select 'arms/' || arms, path, null, null from passed where arms is not null
union all
select 'extent/' || extent, path, null, null from passed where extent is not null
order by reason, path;
