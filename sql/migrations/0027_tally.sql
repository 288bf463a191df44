-- What everybody asks all the time: how many stand judged, without counting a million outcomes for it.

-- The outcomes in force (latest and live) of each step, kind and fate: how many, and what they took. The triggers keep it
-- true in the very transaction that writes outcomes, whoever writes them; nothing else writes to it.
-- reason: '' for none. n: 0 where none is left. duration_ns: whole, so that what is taken off is what was put on.
create table tally (
    step_id     integer not null,
    kind        text not null,
    recipe_id   integer not null,
    stale       integer not null,
    status      text not null,
    reason      text not null,
    passed      integer not null,
    n           integer not null,
    duration_ns integer not null,
    primary key (step_id, kind, recipe_id, stale, status, reason, passed)
) strict, without rowid;

insert into tally
select
    step_id, kind, recipe_id, stale, status, coalesce(reason, ''), passed, count(*),
    sum(cast(round(seconds * 1e9) as integer))
from outcome
where latest and live
group by step_id, kind, recipe_id, stale, status, reason, passed;

create trigger tally_new after insert on outcome when new.latest and new.live
begin
    insert into tally
    values (
        new.step_id, new.kind, new.recipe_id, new.stale, new.status, coalesce(new.reason, ''), new.passed, 1,
        cast(round(new.seconds * 1e9) as integer)
    )
    on conflict do update set n = n + 1, duration_ns = duration_ns + excluded.duration_ns;
end;

create trigger tally_gone after delete on outcome when old.latest and old.live
begin
    update tally
    set n = n - 1, duration_ns = duration_ns - cast(round(old.seconds * 1e9) as integer)
    where step_id = old.step_id and kind = old.kind and recipe_id = old.recipe_id and stale = old.stale
        and status = old.status and reason = coalesce(old.reason, '') and passed = old.passed;
end;

create trigger tally_off
after update of step_id, kind, recipe_id, stale, status, reason, passed, seconds, live, latest on outcome
when old.latest and old.live
begin
    update tally
    set n = n - 1, duration_ns = duration_ns - cast(round(old.seconds * 1e9) as integer)
    where step_id = old.step_id and kind = old.kind and recipe_id = old.recipe_id and stale = old.stale
        and status = old.status and reason = coalesce(old.reason, '') and passed = old.passed;
end;

create trigger tally_on
after update of step_id, kind, recipe_id, stale, status, reason, passed, seconds, live, latest on outcome
when new.latest and new.live
begin
    insert into tally
    values (
        new.step_id, new.kind, new.recipe_id, new.stale, new.status, coalesce(new.reason, ''), new.passed, 1,
        cast(round(new.seconds * 1e9) as integer)
    )
    on conflict do update set n = n + 1, duration_ns = duration_ns + excluded.duration_ns;
end;
