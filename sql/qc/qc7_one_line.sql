-- Every caption is one line.
-- QC7, error. Without line breaks or tabs, without blanks at its ends, and not empty: trainers read one line.
-- Remedy: Write it anew with make caption-edit.
select item.id as item_id, cutout.path, 'It reads: ' || quote(caption.text) as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
join item on item.id = outcome.item_id
join item as cutout on cutout.id = item.parent_id
join caption on caption.item_id = item.id
where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
    and (
        caption.text = '' or caption.text <> trim(caption.text, ' ' || char(9, 10, 13))
        or caption.text glob '*[' || char(9, 10, 13) || ']*'
    )
order by item.id;
