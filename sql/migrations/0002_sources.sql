-- What intake found out about the user's files: one table of facts per kind, and its measurements.

-- width_px, height_px: as shown, after rotation and with square pixels. rotation_deg: clockwise. color_transfer: null
-- where the stream does not say. declared_frames: as the header says, less what an edit list hides.
create table video (
    item_id         integer primary key references item (id),
    container       text not null,
    codec           text not null,
    width_px        integer not null,
    height_px       integer not null,
    frame_rate_hz   real not null,
    duration_s      real not null,
    bitrate_bps     integer not null,
    pixel_format    text not null,
    rotation_deg    integer not null,
    color_transfer  text,
    interlaced      integer not null check (interlaced in (0, 1)),
    has_audio       integer not null check (has_audio in (0, 1)),
    declared_frames integer
) strict;

-- width_px, height_px: upright, after the EXIF orientation (1 to 8). mode: Pillow's name of the pixels' type. bits: of
-- one channel as stored, null where nothing tells.
create table photo (
    item_id     integer primary key references item (id),
    format      text not null,
    width_px    integer not null,
    height_px   integer not null,
    mode        text not null,
    bits        integer,
    orientation integer not null,
    animated    integer not null check (animated in (0, 1)),
    has_alpha   integer not null check (has_alpha in (0, 1)),
    has_profile integer not null check (has_profile in (0, 1))
) strict;

-- Columns as in photo.
create table background (
    item_id     integer primary key references item (id),
    format      text not null,
    width_px    integer not null,
    height_px   integer not null,
    mode        text not null,
    bits        integer,
    orientation integer not null,
    animated    integer not null check (animated in (0, 1)),
    has_alpha   integer not null check (has_alpha in (0, 1)),
    has_profile integer not null check (has_profile in (0, 1))
) strict;

-- Columns as in photo, and the person whose folder the picture lies in.
create table reference (
    item_id     integer primary key references item (id),
    person      text not null,
    format      text not null,
    width_px    integer not null,
    height_px   integer not null,
    mode        text not null,
    bits        integer,
    orientation integer not null,
    animated    integer not null check (animated in (0, 1)),
    has_alpha   integer not null check (has_alpha in (0, 1)),
    has_profile integer not null check (has_profile in (0, 1))
) strict;
create index reference_person on reference (person);

-- short_side_px: of videos and photos alone, so that a small background or reference is no fault. missing_share: how
-- much (0 to 1) of the duration that a video declares it does not hold.
create table intake (
    outcome_id    integer primary key references outcome (id),
    short_side_px integer,
    missing_share real
) strict;
