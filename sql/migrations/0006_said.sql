-- What people say beyond in or out, and which datasets are configured.

-- As before, and with verdicts that carry a value: who it is (identity), what a caption says (caption), a corrected shot
-- or view. SQLite cannot change a check, so the table is made anew; ids stay, and so does all that points at them.
create table decision_new (
    id         integer primary key,
    uid        text not null unique,
    kind       text not null,
    address    text not null,
    dataset    text not null default '',
    item_id    integer references item (id),
    verdict    text not null check (verdict in ('keep', 'reject', 'pin', 'undo', 'identity', 'caption', 'shot', 'view')),
    value      text,
    undoes     text,
    reason     text,
    note       text,
    actor      text not null,
    created_at text not null,
    check ((verdict in ('keep', 'reject', 'pin', 'undo')) = (value is null))
) strict;
insert into decision_new
select id, uid, kind, address, dataset, item_id, verdict, value, undoes, reason, note, actor, created_at
from decision;
drop table decision;
alter table decision_new rename to decision;
create index decision_address on decision (address, kind, dataset);

-- The value that a person had given when the item was judged: another one, or none, and it waits again.
alter table outcome add column said_id integer references decision (id);
create index outcome_said on outcome (said_id) where said_id is not null;

-- The datasets of the configuration, as they were when a tool last ran. active: the configuration still has it.
create table dataset (
    name           text primary key,
    subject        text not null,
    kind           text not null,
    trigger_word   text not null,
    class_word     text not null,
    target         text not null,
    count          integer not null,
    quota_json     text not null,
    max_per_source real not null,
    active         integer not null check (active in (0, 1))
) strict, without rowid;
