-- QC checks: what each check found the last time, and what it had found the time before.
-- was, had: its state and violations then, null where it was not made. since: when it first stood as it does, without a
-- change up to now.
with named as (
    select qc_result.*, qc_run.at from qc_result join qc_run on qc_run.id = qc_result.qc_run_id
)
select
    last.id, last.name, last.milestone, last.severity, last.state, last.violations, last.files, last.title, last.remedy,
    before.state as was, before.violations as had,
    (
        select min(same.at) from named as same
        where same.name = last.name and same.qc_run_id > coalesce(
            (
                select max(other.qc_run_id) from named as other
                where other.name = last.name and other.state <> last.state
            ),
            0
        )
    ) as since
from named as last
left join named as before
    on before.name = last.name
    and before.qc_run_id = (select max(id) from qc_run where id < (select max(id) from qc_run))
where last.qc_run_id = (select max(id) from qc_run)
order by last.id;
