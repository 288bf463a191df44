-- Everything that could be in force without a change of settings: what each source gives by the latest outcomes.
-- Of sources that are gone too: their files may come back. What a dataset that is no longer configured made is not.
with recursive reach (id) as (
    select id from item where parent_id is null
    union all
    select item.id
    from reach
    join item on item.parent_id = reach.id and item.made
    join step on step.id = item.step_id and step.active
)
select id from reach;
