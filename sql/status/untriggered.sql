-- The datasets without a trigger word whose selection has been made.
select dataset.name
from dataset
join step on step.tool = 'select' and step.dataset = dataset.name and step.active
where dataset.active and dataset.trigger_word = '' and step.recipe_id is not null
order by dataset.name;
