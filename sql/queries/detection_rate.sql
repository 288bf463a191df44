-- Detection rate: in how many of its frames somebody was found, for each source.
-- rate: frames with somebody by frames looked at. persons: all that were found, passed: of them, who passed detect.
with looked_at as (
    select
        item.parent_id as source_id, outcome.item_id as frame_id,
        (
            select count(*) from item as person
            where person.parent_id = outcome.item_id and person.kind = 'person' and person.newest
        ) as persons,
        (
            select count(*)
            from item as person
            join outcome as found on found.item_id = person.id and found.step_id = outcome.step_id and found.latest
            where person.parent_id = outcome.item_id and person.kind = 'person' and person.newest
                and found.live and found.passed
        ) as passed
    from outcome
    join step on step.id = outcome.step_id
    join item on item.id = outcome.item_id
    where step.tool = 'detect' and step.dataset = '' and outcome.kind = 'frame' and outcome.latest and outcome.live
)
select
    source.id as item_id, source.path, count(*) as frames, sum(persons > 0) as frames_with_persons,
    round(1.0 * sum(persons > 0) / count(*), 3) as rate, sum(persons) as persons, sum(passed) as passed,
    max(persons) as most_in_a_frame
from looked_at
join item as source on source.id = looked_at.source_id
group by source.id
order by rate, source.path;
