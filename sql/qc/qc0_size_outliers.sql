-- No raw file has a size far from all others of its kind.
-- QC0, warning. Bytes, as logarithms, of what intake has not rejected: further from their median than 3.5 robust standard
-- deviations (median distance to the median, from five files on) and than a factor of 10. An empty file has no logarithm
-- and is told as well.
-- Remedy: Look whether the copy is complete, and whether the file belongs there.
with taken as (
    select file.*
    from file
    left join outcome
        on outcome.item_id = file.item_id and outcome.latest and outcome.live
        and outcome.step_id = (select id from step where tool = 'intake' and dataset = '')
    where outcome.id is null or outcome.passed
),
centre as (
    select folder, median(ln(size)) as middle, spread(ln(size)) as deviation, median(size) as usual
    from taken
    group by folder
)
select
    taken.item_id, taken.folder || '/' || taken.shown as path,
    printf('%d bytes; half of the files in its folder have %d or less.', taken.size, usual) as detail
from taken
join centre on centre.folder = taken.folder
where taken.size = 0 or abs(ln(taken.size) - middle) > max(3.5 * deviation, ln(10))
order by taken.folder, taken.shown;
