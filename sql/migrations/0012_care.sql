-- Care for the files: what `verify` has looked at, and what it found.

-- One look at every file of the workspace. Only the last one is kept. moved_at: when it last came forward. finished_at:
-- null while it runs, or where it was broken off. part, last_id: up to where it has come. files, bytes: looked at so far.
create table verification (
    id          integer primary key,
    started_at  text not null,
    moved_at    text not null,
    finished_at text,
    part        text not null check (part in ('made', 'masks', 'sources', 'packages')),
    last_id     integer not null,
    files       integer not null,
    bytes       integer not null
) strict;

-- What it found. row_id: of the row that speaks of the file: an item (made, masks), a file (sources), a step (packages);
-- null for what no row speaks of. path: below the workspace, as bytes. found_sha256: what lies there instead.
create table fault (
    id              integer primary key,
    verification_id integer not null references verification (id),
    part            text not null check (part in ('made', 'masks', 'sources', 'packages', 'strays')),
    row_id          integer,
    path            blob not null,
    sort            text not null check (sort in ('missing', 'changed', 'swapped', 'unreadable', 'orphaned')),
    found_sha256    text,
    detail          text
) strict;
create index fault_verification on fault (verification_id, id);
