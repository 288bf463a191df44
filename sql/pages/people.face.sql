-- People face: where the face of a person is, in pixels of the crop; null where none shows.
select face_x0_px, face_y0_px, face_x1_px, face_y1_px from person where item_id = :item;
