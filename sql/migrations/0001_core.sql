-- The core: what was asked, what exists, what came out, what people decided.
-- Every stage adds its typed tables in a migration of its own; migrations are append-only.

create table meta (
    key   text primary key,
    value text not null
) strict, without rowid;

create table recipe (
    id     integer primary key,
    digest text not null unique,
    json   text not null
) strict;

-- One row per tool, and per dataset for the tools that work for one. gate: the tool whose passed items feed this one.
-- active: the plan and the configuration still have it.
create table step (
    id          integer primary key,
    position    integer not null,
    stage       integer not null,
    tool        text not null,
    dataset     text not null default '',
    gate        text,
    recipe_id   integer references recipe (id),
    limits_json text not null default '{}',
    active      integer not null default 1 check (active in (0, 1)),
    unique (tool, dataset)
) strict;

-- The kinds that a tool takes (role 'input') or makes and judges (role 'output').
create table step_kind (
    step_id integer not null references step (id),
    kind    text not null,
    role    text not null check (role in ('input', 'output')),
    primary key (step_id, kind)
) strict, without rowid;

create table run (
    id           integer primary key,
    uid          text not null unique,
    step_id      integer not null references step (id),
    recipe_id    integer references recipe (id),
    limits_json  text not null,
    machine_json text not null,
    host         text not null,
    pid          integer not null,
    started_at   text not null,
    finished_at  text,
    status       text not null check (status in ('running', 'done', 'broken', 'interrupted', 'killed')),
    seconds      real,
    n_ok         integer not null default 0,
    n_rejected   integer not null default 0,
    n_failed     integer not null default 0
) strict;
create index run_step on run (step_id, id);

-- made: the latest outcome on the parent made it. newest: of the items of this address, the one in force.
create table item (
    id         integer primary key,
    kind       text not null,
    address    text not null,
    version    text not null,
    parent_id  integer references item (id),
    step_id    integer not null references step (id),
    path       text,
    sha256     text,
    bytes      integer,
    width      integer,
    height     integer,
    made       integer not null check (made in (0, 1)),
    newest     integer not null check (newest in (0, 1)),
    created_at text not null,
    unique (kind, address, version)
) strict;
create unique index item_newest on item (kind, address) where newest;
create index item_parent on item (parent_id, kind, newest);
create index item_address on item (address);
create index item_path on item (path);

-- Side inputs only; the main line is item.parent_id.
create table lineage (
    child_id  integer not null references item (id),
    parent_id integer not null references item (id),
    role      text not null,
    primary key (child_id, parent_id, role)
) strict, without rowid;
create index lineage_parent on lineage (parent_id);

-- status and reason: what the tool found and its limits say. passed: that, after people's decisions. live: the item
-- still reaches this step. defect: nothing usable exists, so that no decision can keep it.
create table outcome (
    id          integer primary key,
    step_id     integer not null references step (id),
    item_id     integer not null references item (id),
    kind        text not null,
    recipe_id   integer not null references recipe (id),
    run_id      integer not null references run (id),
    status      text not null check (status in ('ok', 'rejected', 'failed')),
    reason      text,
    detail      text,
    defect      integer not null default 0 check (defect in (0, 1)),
    seconds     real not null default 0,
    decision_id integer references decision (id),
    passed      integer not null check (passed in (0, 1)),
    live        integer not null check (live in (0, 1)),
    latest      integer not null check (latest in (0, 1)),
    check ((status = 'ok') = (reason is null))
) strict;
create unique index outcome_latest on outcome (step_id, item_id) where latest;
create index outcome_funnel on outcome (step_id, kind, recipe_id, status, reason, passed, seconds) where latest and live;
create index outcome_item on outcome (item_id, step_id);
create index outcome_run on outcome (run_id, status);
create index outcome_decision on outcome (decision_id) where decision_id is not null;

-- Every limit that a measurement violates, not only the first.
create table finding (
    outcome_id integer not null references outcome (id),
    reason     text not null,
    value      real not null,
    bound      real not null,
    primary key (outcome_id, reason)
) strict, without rowid;

create table reason (
    tool        text not null,
    code        text not null,
    nature      text not null check (nature in ('limit', 'defect', 'choice')),
    metric      text,
    op          text,
    config_key  text,
    description text not null,
    remedy      text not null,
    primary key (tool, code)
) strict, without rowid;

create table decision (
    id         integer primary key,
    uid        text not null unique,
    kind       text not null,
    address    text not null,
    dataset    text not null default '',
    item_id    integer references item (id),
    verdict    text not null check (verdict in ('keep', 'reject', 'pin', 'undo', 'shot', 'identity')),
    value      text,
    undoes     text,
    reason     text,
    note       text,
    actor      text not null,
    created_at text not null
) strict;
create index decision_address on decision (address, kind, dataset);

create table audit (
    id      integer primary key,
    at      text not null,
    run_id  integer references run (id),
    actor   text not null,
    action  text not null,
    item_id integer references item (id),
    path    text,
    sha256  text,
    why     text not null
) strict;
create index audit_item on audit (item_id);

create table request (
    digest      text primary key,
    sent_at     text not null,
    answered_at text,
    answer      text,
    tokens      integer,
    cost        real
) strict, without rowid;

-- The user's files. path is the raw name below the folder, as bytes; shown is its readable form. sha256 is null where
-- the file could not be read; item_id is null until it is known what it is.
create table file (
    id       integer primary key,
    item_id  integer references item (id),
    folder   text not null,
    path     blob not null,
    shown    text not null,
    size     integer not null,
    mtime_ns integer not null,
    ctime_ns integer not null,
    inode    integer not null,
    sha256   text,
    unique (folder, path)
) strict;
create index file_item on file (item_id);
