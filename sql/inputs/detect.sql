-- Frames that passed extract.
select item.id as item_id, item.kind, item.address, item.path, item.sha256
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
where step.tool = 'extract' and step.dataset = ''
    and outcome.kind = 'frame' and outcome.latest and outcome.live and outcome.passed and item.newest;
