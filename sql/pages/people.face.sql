-- People face: where a person (:item) and their face are, in pixels of the crop; of the face null where none shows.
-- Of a reference photo its kind alone: nobody has stored where the face is.
select
    item.kind, person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.box_x0_px - person.crop_x_px, person.box_y0_px - person.crop_y_px,
    person.box_x1_px - person.crop_x_px, person.box_y1_px - person.crop_y_px
from item
left join person on person.item_id = item.id
where item.id = :item and (item.kind = 'reference' or person.item_id is not null);
