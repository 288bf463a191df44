-- Reasons: every reason there is, what it means, and what to do about it.
-- nature: a limit can be moved or overridden by a keep; a defect cannot; of a choice others were better. n: how many
-- items stand so now.
select
    reason.tool, reason.code as reason, reason.nature, coalesce(standing.n, 0) as n, reason.metric, reason.op,
    reason.config_key, reason.description, reason.remedy
from reason
left join (select tool, reason, sum(n) as n from failures group by tool, reason) as standing
    on standing.tool = reason.tool and standing.reason = reason.code
where standing.n is not null or reason.code not in ('failed', 'rejected_by_hand')
order by (select min(position) from step where step.tool = reason.tool), reason.code;
