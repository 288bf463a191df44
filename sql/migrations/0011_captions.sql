-- Captions that say more, texts of people, and what is measured of a package.

-- expression: what the face does where that was measured, null where it was not. tokens: at most so many tokens of CLIP's
-- tokenizer. ground: 1 where the package adds a clause about what stands behind. All null from before.
alter table caption add column expression text;
alter table caption add column tokens integer;
alter table caption add column ground integer check (ground in (0, 1));

-- The text that went into the package: the caption's, with the clause about the ground where it was asked for. Null from
-- before that was possible.
alter table package_item add column text text;

-- By outcome of package on a composite. canvas_mp: megapixels of the whole image.
create table package_measured (
    outcome_id integer primary key references outcome (id),
    canvas_mp  real
) strict;
