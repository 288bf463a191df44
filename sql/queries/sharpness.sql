-- Sharpness: its percentiles over all cutouts, and over those of each source.
-- bound: the limit in force. passing: the share that reaches it. p50 is the median; 1 is as sharp as it gets.
with measured as (
    select source_path, sharpness from cutouts where sharpness is not null
    union all
    select 'all sources', sharpness from cutouts where sharpness is not null
),
ranked as (
    select
        *, row_number() over (partition by source_path order by sharpness) as place,
        count(*) over (partition by source_path) as n
    from measured
),
limit_now as (
    select json_extract(limits_json, '$.min_sharpness') as bound from step where tool = 'score' and dataset = ''
)
select
    source_path, max(n) as n, round(min(sharpness), 3) as least,
    round(max(case when place = (n * 5 + 99) / 100 then sharpness end), 3) as p5,
    round(max(case when place = (n * 25 + 99) / 100 then sharpness end), 3) as p25,
    round(max(case when place = (n * 50 + 99) / 100 then sharpness end), 3) as p50,
    round(max(case when place = (n * 75 + 99) / 100 then sharpness end), 3) as p75,
    round(max(case when place = (n * 95 + 99) / 100 then sharpness end), 3) as p95,
    round(max(sharpness), 3) as most, limit_now.bound,
    round(1.0 * sum(sharpness >= limit_now.bound) / count(*), 3) as passing
from ranked
join limit_now
group by source_path
order by source_path <> 'all sources', source_path;
