-- Every crop lies in its frame, and its person in the crop.
-- QC2, error. Crop and box have an area; the crop lies inside the frame; the box reaches at most a pixel beyond the crop.
-- Remedy: Look at it with make explain: its detector gives boxes that cannot be; take another, or report it.
select
    item.id as item_id, item.path,
    printf(
        'A crop of %d×%d at %d, %d with a box of %.0f×%.0f, in a frame of %d×%d.', item.width, item.height,
        person.crop_x_px, person.crop_y_px, person.box_x1_px - person.box_x0_px, person.box_y1_px - person.box_y0_px,
        frame.width, frame.height
    ) as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'detect'
join item on item.id = outcome.item_id
join item as frame on frame.id = item.parent_id
left join person on person.item_id = item.id
where outcome.kind = 'person' and outcome.latest and outcome.live
    and coalesce(
        item.width < 1 or item.height < 1 or person.crop_x_px < 0 or person.crop_y_px < 0
        or person.crop_x_px + item.width > frame.width or person.crop_y_px + item.height > frame.height
        or person.box_x1_px <= person.box_x0_px or person.box_y1_px <= person.box_y0_px
        or person.box_x0_px < person.crop_x_px - 1 or person.box_y0_px < person.crop_y_px - 1
        or person.box_x1_px > person.crop_x_px + item.width + 1
        or person.box_y1_px > person.crop_y_px + item.height + 1,
        1
    )
order by item.id;
