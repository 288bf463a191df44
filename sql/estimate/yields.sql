-- How many of what came to a tool it judged, and how many passed.
select tool, kind, sum(ok) as ok, sum(ok + rejected + failed) as n
from funnel
group by tool, kind;
