-- What the light table asks when it compares.

-- The images that stand behind another one: near duplicates by what was kept instead.
create index select_kept on "select" (kept_address) where kept_address is not null;
