-- What is made per dataset: which cutouts were chosen, their composites, their captions, and the packages.

-- By outcome of select on a cutout. score: 0 to 1, how good the image is by itself. moment: images with the same number
-- show the same person at the same moment. rank: place in the order of choice, null where not chosen. difference: 0 to 1,
-- to the most similar image that was chosen before it. kept_address: the image that is in the set instead.
create table "select" (
    outcome_id   integer primary key references outcome (id),
    score        real,
    moment       integer,
    rank         integer,
    difference   real,
    kept_address text
) strict;

-- mode: what stands behind the subject. background_address: of the library's picture. scale: of the subject, 1 is as
-- filmed. cover: share of the height that shows the subject. flush: sides that lie on the canvas's edge because the
-- subject is cut there. The mask has the canvas's size.
create table composite (
    item_id            integer primary key references item (id),
    mode               text not null check (mode in ('library', 'own', 'gradient', 'flat', 'noise', 'original')),
    background_address text,
    scale              real not null,
    cover              real not null,
    flush              text not null,
    mask_path          text not null,
    mask_sha256        text not null
) strict;
create index composite_mask on composite (mask_path);

-- One line of text per cutout and dataset. author: 'template', a model, or a person. view, eyes: null until measured.
create table caption (
    item_id        integer primary key references item (id),
    dataset        text not null,
    text           text not null,
    author         text not null,
    engine         text not null,
    prompt_version text not null,
    words          integer not null,
    shot           text,
    light          text,
    clothing       text,
    view           text,
    eyes           text
) strict;

-- A package as it was swapped in. digest: of all that is in it. state: the newest of a dataset is current.
create table package (
    id      integer primary key,
    step_id integer not null references step (id),
    digest  text not null,
    state   text not null check (state in ('current', 'superseded')),
    at      text not null
) strict;
create unique index package_current on package (step_id) where state = 'current';

-- The pairs of a package. item_id: the composite. path: of the image, below the workspace.
create table package_item (
    package_id integer not null references package (id),
    item_id    integer not null references item (id),
    caption_id integer not null references item (id),
    path       text not null,
    primary key (package_id, item_id)
) strict, without rowid;
create index package_item_item on package_item (item_id);
