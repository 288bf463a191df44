-- What the final set asks: what people have decided since the last make.
create index decision_created on decision (created_at);
