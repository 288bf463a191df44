-- Composites: how bright the subject was made, whether it stands, and what its edges show of the old background.

-- Stops by which the subject was brightened for its ground, darkened below 0; null from before that was done.
alter table composite add column exposure_ev real;

-- 1: a figure on its feet, low on the canvas, with a shadow where they touch; null from before that was looked at.
alter table composite add column standing integer check (standing in (0, 1));

-- By outcome of composite on a composite. halo: the share of the old background in the colours of the subject's rim, 0 to
-- 1, about 0 or below where they are its own; null in the subject's own place, and where the two cannot be told apart.
create table composite_measured (
    outcome_id integer primary key references outcome (id),
    halo       real
) strict;
