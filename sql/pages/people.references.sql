-- People references: the reference photos that passed intake, by the person whom they show.
select reference.person, item.id, item.version, file.shown
from step
join outcome on outcome.step_id = step.id and outcome.kind = 'reference' and outcome.latest and outcome.live
join item on item.id = outcome.item_id and item.newest
join reference on reference.item_id = item.id
left join file on file.id = (select min(id) from file as some where some.item_id = item.id)
where step.tool = 'intake' and outcome.passed
order by reference.person, item.address;
