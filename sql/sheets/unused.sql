-- Sources of which a dataset has chosen nothing, with what stopped most of what came nearest to being chosen.
-- n: how many images it stopped. reason is null where nothing of the source was looked at yet.
with sources as (
    select path as source_path from videos where status = 'ok'
    union all
    select path from photos where status = 'ok'
),
stopped as (
    select source_path, reason, 3 as depth from selection where dataset = :dataset and not chosen
    union all
    select source_path, reason, 2 from cutouts where reason is not null
    union all
    select source_path, reason, 1 from persons where reason is not null
    union all
    select source_path, reason, 0 from frames where reason is not null
),
counted as (
    select source_path, depth, reason, count(*) as n from stopped group by source_path, depth, reason
),
ranked as (
    select *, row_number() over (partition by source_path order by depth desc, n desc, reason) as place from counted
)
select sources.source_path, ranked.reason, ranked.n
from sources
left join ranked on ranked.source_path = sources.source_path and ranked.place = 1
where sources.source_path not in (select source_path from selection where dataset = :dataset and chosen)
order by sources.source_path;
