-- Every caption begins with its dataset's trigger.
-- QC7, error. As a whole word, whatever its case. What a person wrote is taken to the letter and not looked at.
-- Remedy: Type make all, so that captions follow the configuration; if it comes back, use make caption-edit.
select item.id as item_id, cutout.path, 'The trigger is ' || dataset.trigger_word || ': ' || caption.text as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
join item on item.id = outcome.item_id
join item as cutout on cutout.id = item.parent_id
join caption on caption.item_id = item.id
join dataset on dataset.name = step.dataset and dataset.active
where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
    and caption.author <> 'person' and lacks_trigger(caption.text, dataset.trigger_word)
order by item.id;
