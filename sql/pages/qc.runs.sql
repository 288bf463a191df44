-- QC runs: the last times that the checks were made, newest first.
-- later: how many times a tool has worked since, so that what stands here may be out of date.
select
    qc_run.id, qc_run.at, qc_run.seconds, qc_run.files, qc_run.looked, qc_run.errors, qc_run.warnings,
    (select count(*) from run where run.finished_at > qc_run.at) as later
from qc_run
order by qc_run.id desc
limit :limit;
