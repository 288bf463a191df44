-- People face: where a person (:item) and their face are, in pixels of the crop; of the face null where none shows.
select
    face_x0_px, face_y0_px, face_x1_px, face_y1_px,
    box_x0_px - crop_x_px, box_y0_px - crop_y_px, box_x1_px - crop_x_px, box_y1_px - crop_y_px
from person
where item_id = :item;
