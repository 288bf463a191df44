-- QC: the checks of the last `make qc`, and what each found.
-- state: passed, violated, or skipped where it needs files. since: when it first stood so, without a change up to now.
-- milestone: empty for all.
with named as (
    select qc_result.*, qc_run.at from qc_result join qc_run on qc_run.id = qc_result.qc_run_id
)
select
    last.milestone, last.name, last.severity, last.state, last.violations, last.title, last.remedy,
    (
        select min(same.at) from named as same
        where same.name = last.name and same.qc_run_id > coalesce(
            (
                select max(other.qc_run_id) from named as other
                where other.name = last.name and other.state <> last.state
            ),
            0
        )
    ) as since,
    last.at
from named as last
where last.qc_run_id = (select max(id) from qc_run) and (:milestone = '' or last.milestone = :milestone)
order by last.id;
