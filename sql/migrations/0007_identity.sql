-- Who people are: the landmarks and the embedding of each face, tracks through a shot, clusters of faces.

-- landmarks_json: the 68 points of the iBUG 300-W scheme as x, y, in pixels of the crop; null without a face. turn: how
-- far the face is turned, -1 to 1: 0 looks into the camera, positive to the right of the picture; null without a face.
-- view, from it: front, three-quarter, side.
alter table person add column landmarks_json text;
alter table person add column turn real;

-- Of a person. face_sharpness: 1 less the perceptual blur of the face at one size, 0 to 1, null without a face.
-- relative_height: of the box by that of the tallest person in the frame; relative_sharpness: of the face by that of the
-- sharpest among the faces of the frame that are at least half as high as the highest, null without a face.
alter table detect add column face_sharpness real;
alter table detect add column relative_height real;
alter table detect add column relative_sharpness real;

-- embedding: of the face, float32, little-endian, as many numbers as the engine gives; null without a face. spread: the
-- mean distance of the embeddings of the face's jittered crops to their mean: how sure the embedding is. face_height_px:
-- of the face in the crop. colours: what is worn, 64 shares of 255 of the colours in the middle of the person's box.
create table embed (
    outcome_id     integer primary key references outcome (id),
    embedding      blob,
    spread         real,
    face_height_px real,
    colours        blob
) strict;

-- identity, distance: null where nothing is known to compare with. A person's own word: distance 0, or 2 (further than
-- any face) for "other". faceless: 1 where no face shows and nobody in the same track does. inherited_from: the address
-- of the person in the same track whose identity and distance it has. flips: 1 where both neighbours in its track agree
-- on who it is and it does not. track: the address of the first person of its track. stir: the mean distance between
-- faces that follow each other in its track: printed ones hardly change; null in tracks of few faces. unwanted: 1 where
-- every dataset is about somebody else. cluster: faces that look alike, numbered from 1 by the number of images; null
-- where no face shows in the track.
alter table "match" add column inherited_from text;
alter table "match" add column flips integer;
alter table "match" add column track text;
alter table "match" add column stir real;
alter table "match" add column unwanted integer;
alter table "match" add column cluster integer;
