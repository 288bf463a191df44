-- The user's files in which a cluster (:cluster) is seen, by name.
select distinct file.shown
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join "match" on "match".outcome_id = outcome.id
join item as source
    on source.address = substr(item.address, 1, instr(item.address, '/') - 1)
    and source.kind in ('video', 'photo') and source.newest
join file on file.item_id = source.id
where step.tool = 'match' and outcome.kind = 'person' and outcome.latest and outcome.live and item.newest
    and "match".cluster = :cluster
order by file.shown;
