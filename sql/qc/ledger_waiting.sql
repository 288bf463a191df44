-- Nothing waits.
-- Ledger, warning. Every step has judged all that the step before it let through, by the settings of its last run.
-- Remedy: Type make all; if it comes back, make clean all.
select
    null as item_id, trim(tool || ' ' || dataset) || ', ' || kind as path,
    printf('%d of %d wait.', waiting, inputs) as detail
from funnel
where waiting > 0
order by stage, tool, dataset, kind;
