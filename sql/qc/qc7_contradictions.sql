-- No caption contradicts itself or what was measured.
-- QC7, warning. What it says of shot, extent, view and posture, in so many words, against the measured ones and against
-- one another.
-- Remedy: Look at the image; write the caption anew with make caption-edit, or correct the measurement by a decision.
select item.id as item_id, cutout.path, said.value || ' ' || caption.text as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
join item on item.id = outcome.item_id
join item as cutout on cutout.id = item.parent_id
join caption on caption.item_id = item.id
join person on person.item_id = cutout.parent_id
join json_each(contradictions(caption.text, person.shot, person.view, person.extent, person.posture)) as said
where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
order by item.id, said.value;
