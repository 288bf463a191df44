-- Nothing reasons: why items stand rejected or failed at one tool, the most frequent first, and what can be done.
select failures.tool, failures.dataset, failures.kind, failures.reason, failures.n, reason.description, reason.remedy
from failures
left join reason on reason.tool = failures.tool and reason.code = failures.reason
where failures.tool = :tool
order by failures.n desc, failures.kind, failures.reason;
