-- The last minute's requests, counted by all processes together; and a second look at what a model wrote.

-- departure: a request that was let go in the last minute; older rows are dropped. host, model: whose quota it counts
-- against. at_s: when, in seconds since the epoch. tokens: in and out, first as many as it can have, then as it had.
create table departure (
    id integer primary key,
    host text not null,
    model text not null,
    at_s real not null,
    tokens integer not null
) strict;
create index departure_of_quota on departure (host, model, at_s);

-- second_request: the digest of the paid request in which a model looked at picture and caption once more; null where
-- none was asked. What it found stands in doubts.
alter table caption add column second_request text;
