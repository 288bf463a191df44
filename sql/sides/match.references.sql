-- Reference photos that passed intake, and whom they show.
-- folder, raw_path: the user's file, its name as bytes; shown: the name for people.
select
    item.id as item_id, item.address, item.version, file.sha256, reference.person,
    file.folder, file.path as raw_path, file.shown
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join reference on reference.item_id = item.id
join file on file.id = (select min(id) from file where item_id = item.id)
where step.tool = 'intake' and outcome.kind = 'reference'
    and outcome.latest and outcome.live and outcome.passed and item.newest
order by item.address;
