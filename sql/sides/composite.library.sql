-- Backgrounds that passed intake.
-- folder, raw_path: the user's file, its name as bytes.
select item.id as item_id, item.address, item.version, file.folder, file.path as raw_path
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join file on file.id = (select min(id) from file where item_id = item.id)
where step.tool = 'intake' and outcome.kind = 'background'
    and outcome.latest and outcome.live and outcome.passed and item.newest
order by item.address;
