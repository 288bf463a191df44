-- Compare composites: what was made of a cut-out on its new grounds, by dataset.
-- background_id: of the library's picture. halo: by what composite measured.
select
    item.id, item.kind, item.address, item.version, item.path, item.width, item.height, item.parent_id,
    step.dataset, composite.mode, composite.scale, composite.cover, composite.flush, composite.exposure_ev,
    composite.standing, composite.mask_sha256, measured.halo, background.id as background_id
from item
join step on step.id = item.step_id
join composite on composite.item_id = item.id
left join outcome on outcome.item_id = item.id and outcome.step_id = item.step_id and outcome.latest
left join composite_measured as measured on measured.outcome_id = outcome.id
left join item as background
    on background.kind = 'background' and background.address = composite.background_address and background.newest
where item.parent_id = :cutout and item.kind = 'composite' and item.newest
order by step.position, step.dataset, item.address
limit :limit;
