-- Failures by stage: what each tool rejected or failed, by kind of item and reason.
-- share: of all items of that kind that stand judged there. stage: empty for all of them.
select stage, tool, dataset, kind, reason, n, share
from failures
where :stage = '' or stage = :stage;
