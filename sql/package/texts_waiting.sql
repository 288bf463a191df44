-- How many texts of people no caption has taken up yet; temp.said holds what stands on each cutout.
select count(*)
from temp.said as said
join outcome on outcome.item_id = said.item_id and outcome.latest and outcome.live
join step on step.id = outcome.step_id
where step.tool = 'caption' and step.dataset = :dataset and outcome.said_id is not said.decision_id;
