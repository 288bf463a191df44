-- Final moment: what tells one moment of the manifest from the next: the last decision, the last run and the last end of one.
select coalesce((select max(id) from decision), 0) as decided, id as run, (select max(finished_at) from run) as finished_at
from run
order by id desc
limit 1;
