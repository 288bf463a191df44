-- Requests of this workspace that are answered, and so paid for.
select count(*) as n from request where answered_at is not null;
