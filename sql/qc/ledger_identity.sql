-- What comes in is what came out.
-- Ledger, error. In every row of the funnel, inputs = ok + rejected + failed + waiting, and none of them is below 0.
-- Remedy: Type make all: everything is settled again. If it comes back, put a backup of the manifest back.
select
    null as item_id, trim(tool || ' ' || dataset) || ', ' || kind as path,
    printf(
        '%d came in, but %d ok + %d rejected + %d failed + %d waiting.', inputs, ok, rejected, failed, waiting
    ) as detail
from funnel
where inputs <> ok + rejected + failed + waiting or min(inputs, ok, rejected, failed, waiting) < 0
order by stage, tool, dataset, kind;
