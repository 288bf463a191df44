-- Nothing waits.
-- Ledger, warning. Every step has judged all that the step before it let through, by today's settings.
-- Remedy: Type make all.
select
    null as item_id, trim(tool || ' ' || dataset) || ', ' || kind as path,
    printf('%d of %d wait.', waiting, inputs) as detail
from funnel
where waiting > 0
order by stage, tool, dataset, kind;
