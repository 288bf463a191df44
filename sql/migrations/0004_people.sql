-- The people of the frames, their cutouts, and what is measured of both.

-- The box is in pixels of the frame, so is the crop's corner; face, keypoints and others are in pixels of the crop. The
-- face spans brow to chin; null where none was found. cut_*: the person's box reaches that side of the frame. view: null
-- until it is measured. keypoints_json: 17 times x, y, confidence, in COCO's order. others_json: the boxes of everybody
-- else, as x0, y0, x1, y1. source: what found the person. box_slack: how far the sides of the box may be off, as a share
-- of its size. box_whole: the box was found around the whole person, not guessed from the face.
create table person (
    item_id        integer primary key references item (id),
    box_x0_px      real not null,
    box_y0_px      real not null,
    box_x1_px      real not null,
    box_y1_px      real not null,
    face_x0_px     real,
    face_y0_px     real,
    face_x1_px     real,
    face_y1_px     real,
    crop_x_px      integer not null,
    crop_y_px      integer not null,
    cut_left       integer not null check (cut_left in (0, 1)),
    cut_top        integer not null check (cut_top in (0, 1)),
    cut_right      integer not null check (cut_right in (0, 1)),
    cut_bottom     integer not null check (cut_bottom in (0, 1)),
    shot           text not null check (shot in ('close', 'mid', 'far', 'unknown')),
    view           text,
    keypoints_json text,
    others_json    text not null,
    source         text not null,
    box_slack      real not null,
    box_whole      integer not null check (box_whole in (0, 1))
) strict;

-- The subject's bounding box in pixels of the cutout, which has the size of the crop; x1 and y1 lie just outside.
create table cutout (
    item_id       integer primary key references item (id),
    subject_x0_px integer not null,
    subject_y0_px integer not null,
    subject_x1_px integer not null,
    subject_y1_px integer not null
) strict;

-- Of a frame: people_seen, all that were found; people_count, those among them who are likely and at least half as tall
-- as the tallest. Of a person: confidence, how probable it is that one stands there, 0 to 1; height_px, of the box.
create table detect (
    outcome_id   integer primary key references outcome (id),
    people_seen  integer,
    people_count integer,
    confidence   real,
    height_px    real
) strict;

-- All null where there are no references. distance: Euclidean, from the face to the nearest reference of identity, the
-- nearest name; next_distance: to the next name. faceless: 1 where no face shows. references_ignored: the photos that
-- show no face or several.
create table "match" (
    outcome_id         integer primary key references outcome (id),
    distance           real,
    identity           text,
    next_distance      real,
    faceless           integer,
    references_used    integer,
    references_ignored text
) strict;

-- coverage: opacity by the area of the crop. largest_share: the largest part by the whole subject. soft_share: pixels of
-- the soft edge by those of the subject. All 0 to 1 (soft_share may be more).
create table mask (
    outcome_id    integer primary key references outcome (id),
    coverage      real,
    largest_share real,
    soft_share    real
) strict;

-- sharpness: 1 less the perceptual blur, 0 to 1. laplacian_variance, tenengrad: of luma 0 to 255. dark_share,
-- bright_share: of the subject, under luma 8 and over 247. solidity: the largest part by its convex hull. contours: of
-- parts and holes. face_covered_share: the part of the face's ellipse that is in the mask, null without a face.
-- height_share: of the subject in its crop. crop_mp: megapixels. likeness: the embedding that select compares.
create table score (
    outcome_id         integer primary key references outcome (id),
    sharpness          real,
    laplacian_variance real,
    tenengrad          real,
    dark_share         real,
    bright_share       real,
    mean_luma          real,
    luma_std           real,
    solidity           real,
    contours           integer,
    face_covered_share real,
    height_share       real,
    crop_mp            real,
    likeness           blob
) strict;
