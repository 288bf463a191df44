-- What extract takes out of videos and photos.

-- time_s: when the frame is shown; of a photo 0. frame_index: its place among all decoded frames, from 0. shot: number
-- of its shot within the source, from 0: frames with the same one follow each other without a cut.
create table frame (
    item_id     integer primary key references item (id),
    time_s      real not null,
    frame_index integer not null,
    shot        integer not null
) strict;

-- Of a source: window_s, how long the windows were; decoded_frames, of which damaged_frames; missing_frames, how many
-- fewer than declared (null where the file declares none); decode_errors; shots, that gave a frame. Of a frame:
-- candidates, among which it is the sharpest; luma_tenengrad, its sharpness on the luma plane at 480 to 960 px, comparable
-- within a source only; luma_difference, to the frame kept before it, in levels of 255, null for the first.
create table extract (
    outcome_id      integer primary key references outcome (id),
    window_s        real,
    decoded_frames  integer,
    missing_frames  integer,
    damaged_frames  integer,
    decode_errors   integer,
    shots           integer,
    candidates      integer,
    luma_tenengrad  real,
    luma_difference real
) strict;
