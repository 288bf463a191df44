-- The view failures with what each reason means and what to do about it.
select failures.*, coalesce(reason.description, '') as description, coalesce(reason.remedy, '') as remedy
from failures
left join reason on reason.tool = failures.tool and reason.code = failures.reason;
