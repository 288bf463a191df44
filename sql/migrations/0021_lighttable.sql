-- What the light table asks all the time.

-- What a step says of the items of one kind, in the order of the items: the gallery's filters and pages are read from
-- this index alone.
create index outcome_gallery on outcome (step_id, kind, item_id, status, reason, passed, run_id, decision_id)
where latest and live;

-- Whether a decision was taken back.
create index decision_undoes on decision (undoes) where undoes is not null;
