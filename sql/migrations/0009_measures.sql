-- More of what is measured of frames and cutouts, and what select says of its choice.

-- The picture itself, in pixels of the frame, without the black bars that its shot has on its sides; x1 and y1 lie just
-- outside; the whole frame where there are none.
alter table frame add column picture_x0_px integer;
alter table frame add column picture_y0_px integer;
alter table frame add column picture_x1_px integer;
alter table frame add column picture_y1_px integer;

-- overlays_json: boxes of what is burnt into the picture (a logo, a clock, subtitles) as x0, y0, x1, y1 in pixels of the
-- frame: what stands still over its shot while the rest moves. Null where nobody can tell: a photo, a shot of few frames
-- or without movement.
alter table extract add column overlays_json text;

-- sharpness is, from version 2 of score on, 1 / (1 + (blur_px / 2.6)^3). blur_px: standard deviation of the blur where
-- the subject's longer side is 512 px. perceptual_blur: of Crete and others, 0 to 1. eye_aspect: the mean of the two
-- eyes' height by width, null without landmarks. face_height_px: of the face, null without one. noise_level: standard
-- deviation of the noise, in levels of 255. blocking: by how much the steps across the lines of a grid of 8 x 8 px exceed
-- the others, 0 is none. bar_share: of the subject that lies in black bars. overlay_share: of the subject that lies
-- behind what is burnt in, null where nobody can tell.
alter table score add column blur_px real;
alter table score add column perceptual_blur real;
alter table score add column eye_aspect real;
alter table score add column face_height_px real;
alter table score add column noise_level real;
alter table score add column blocking real;
alter table score add column bar_share real;
alter table score add column overlay_share real;

-- score_parts: what the score is made of, in words. nearly: how near the image came to being chosen, 1 is nearest: the
-- score by that of its moment's best; the difference by the least one; or its worth by that of the last that was chosen.
-- Null for what is chosen or no candidate.
alter table "select" add column score_parts text;
alter table "select" add column nearly real;
