-- How many people there are at least.
-- The most persons that passed match in one frame, for each source and for all of them: whatever their faces say,
-- who stand side by side are different people.
with seen as (
    select frame.parent_id as source_id, person.parent_id as frame_id, count(*) as people
    from outcome
    join step on step.id = outcome.step_id
    join item as person on person.id = outcome.item_id
    join item as frame on frame.id = person.parent_id
    where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live and outcome.passed
    group by person.parent_id
)
select coalesce(source.path, source.address) as source, max(seen.people) as people_at_least, count(*) as frames
from seen
join item as source on source.id = seen.source_id
group by source.id
union all
select 'all sources', coalesce(max(people), 0), count(*) from seen
order by people_at_least desc, source;
