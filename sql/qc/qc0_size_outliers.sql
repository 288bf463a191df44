-- No raw file has a size far from all others of its kind.
-- QC0, warning. Bytes, as logarithms: further from their median than 3.5 robust standard deviations (median distance to
-- the median, from five files on) and than a factor of 10. An empty file has no logarithm and is told as well.
-- Remedy: Look whether the copy is complete, and whether the file belongs there.
with centre as (
    select folder, median(ln(size)) as middle, spread(ln(size)) as deviation, median(size) as usual
    from file
    group by folder
)
select
    file.item_id, file.folder || '/' || file.shown as path,
    printf('%d bytes; half of the files in its folder have %d or less.', file.size, usual) as detail
from file
join centre on centre.folder = file.folder
where file.size = 0 or abs(ln(file.size) - middle) > max(3.5 * deviation, ln(10))
order by file.folder, file.shown;
