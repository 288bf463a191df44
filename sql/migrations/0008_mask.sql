-- What stands beside a person in time: masks that look at neighbouring frames.

-- beside: the versions of what the result depends on beside its item, as the tool's input gives them: where the input has
-- others now, the item waits again. Null where a tool looks at nothing beside its items.
alter table outcome add column beside text;
