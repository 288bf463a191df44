-- The files of a packaged image, from its frame to the package, for the picture in the README.
-- One image of each source first, the sharpest of it.
with chain as (
    select
        final.cutout_id, final.path as final, cutout.path as cutout, crop.path as crop, frame.path as frame,
        person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px,
        row_number() over (partition by final.source_id order by "select".rank) as place
    from final
    join item as cutout on cutout.id = final.cutout_id
    join item as crop on crop.id = final.person_id
    join person on person.item_id = final.person_id
    join item as frame on frame.id = final.frame_id
    join outcome on outcome.item_id = final.cutout_id and outcome.latest
    join "select" on "select".outcome_id = outcome.id
)
select * from chain order by place, final;
