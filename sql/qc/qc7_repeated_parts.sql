-- No caption says the same twice.
-- QC7, warning. None of its parts between commas comes back in it.
-- Remedy: Write it anew with make caption-edit.
with recursive parts (item_id, part, rest) as (
    select outcome.item_id, '', lower(rtrim(caption.text, '.')) || ','
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
    join caption on caption.item_id = outcome.item_id
    where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
    union all
    select item_id, trim(substr(rest, 1, instr(rest, ',') - 1)), substr(rest, instr(rest, ',') + 1)
    from parts
    where rest <> ''
)
select parts.item_id, cutout.path, 'It says twice: ' || parts.part as detail
from parts
join item on item.id = parts.item_id
join item as cutout on cutout.id = item.parent_id
where parts.part <> ''
group by parts.item_id, parts.part
having count(*) > 1
order by parts.item_id, parts.part;
