-- What `make qc` found: whether every stage ran right.

-- One time that the checks were made. at, seconds: when it ended, how long it took. files: pictures and texts that were
-- opened. looked: 1 where the folders were looked into, 0 where that was not wanted. errors, warnings: checks of that
-- severity that found something.
create table qc_run (
    id       integer primary key,
    at       text not null,
    seconds  real not null,
    files    integer not null,
    looked   integer not null check (looked in (0, 1)),
    errors   integer not null,
    warnings integer not null
) strict;

-- One check of that time. name: of its file in sql/qc. milestone: QC0 to QC8, or ledger. state: passed, violated, or
-- skipped, where it needs files and they were not wanted. violations: how many there were. files: how many it opened.
-- title, remedy: as the check's file said then.
create table qc_result (
    id         integer primary key,
    qc_run_id  integer not null references qc_run (id),
    name       text not null,
    milestone  text not null,
    severity   text not null check (severity in ('error', 'warning')),
    state      text not null check (state in ('passed', 'violated', 'skipped')),
    violations integer not null,
    files      integer not null,
    seconds    real not null,
    title      text not null,
    remedy     text not null,
    unique (qc_run_id, name)
) strict;

-- What the last time found, so many of each check; all of them stand in qc_reports/. item_id: null where it is about no
-- item. path: of the file, or another name of what it is about.
create table qc_violation (
    id           integer primary key,
    qc_result_id integer not null references qc_result (id),
    item_id      integer references item (id),
    path         text,
    detail       text not null
) strict;
create index qc_violation_result on qc_violation (qc_result_id);
create index qc_violation_item on qc_violation (item_id) where item_id is not null;
