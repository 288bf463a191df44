-- Every cut-out has the size of its crop.
-- QC5, error. As wide and as high as the crop; the subject lies inside and has an area; its coverage is known, 0 to 1.
-- Remedy: Was the manifest written to beside the tools, put a backup of it back; else take another mask engine.
select
    item.id as item_id, item.path,
    printf(
        '%d×%d with a subject of %d×%d and a coverage of %s, of a crop of %d×%d.', item.width, item.height,
        cutout.subject_x1_px - cutout.subject_x0_px, cutout.subject_y1_px - cutout.subject_y0_px,
        coalesce(round(mask.coverage, 3), 'nobody knows what'), crop.width, crop.height
    ) as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'mask'
join item on item.id = outcome.item_id
join item as crop on crop.id = item.parent_id
left join cutout on cutout.item_id = item.id
left join mask on mask.outcome_id = outcome.id
where outcome.kind = 'cutout' and outcome.latest and outcome.live
    and coalesce(
        item.width <> crop.width or item.height <> crop.height
        or cutout.subject_x0_px < 0 or cutout.subject_y0_px < 0
        or cutout.subject_x1_px > item.width or cutout.subject_y1_px > item.height
        or (outcome.passed and (cutout.subject_x1_px <= cutout.subject_x0_px
            or cutout.subject_y1_px <= cutout.subject_y0_px))
        or mask.coverage not between 0 and 1,
        1
    )
order by item.id;
