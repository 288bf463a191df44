-- QC violations: what the last `make qc` found wrong, one row for each.
-- At most 1,000 of each check; all of them stand in qc_reports/violations.csv. check: its name, empty for all.
select
    qc_result.milestone, qc_result.name, qc_result.severity, qc_violation.item_id, qc_violation.path,
    qc_violation.detail, qc_result.remedy
from qc_violation
join qc_result on qc_result.id = qc_violation.qc_result_id
where :check = '' or qc_result.name = :check
order by qc_violation.id;
