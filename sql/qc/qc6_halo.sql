-- No composite has a line around its subject.
-- QC6, warning. Along less than 35 % of the rim the picture is lighter, or darker, than both the subject and the ground
-- beside it. What is left of the old ground is a limit of its own, composite.max_halo.
-- Remedy: Look at the composite: a light from behind does this too. Else take a better mask engine.
-- Opens: halo.
select item.id as item_id, item.path, composite.mask_path
from outcome
join step on step.id = outcome.step_id and step.tool = 'composite' and step.active
join item on item.id = outcome.item_id
join composite on composite.item_id = item.id
where outcome.kind = 'composite' and outcome.latest and outcome.live and outcome.passed and item.newest
    and item.path is not null and composite.mode <> 'original' and step.tool not in (select tool from temp.busy)
order by item.id;
