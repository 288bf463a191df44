-- What comes in is what came out.
-- Ledger, error. In every row of the funnel inputs = ok + rejected + failed + waiting, with none of them below 0; and, item
-- by item, a verdict is in force where the step before lets the item through, and nowhere else. While tools are at work,
-- or what they left is still to be settled, only the first of the two is asked.
-- Remedy: Type make verify REPAIR=1, then make clean all: everything is settled again. If it comes back, put a backup of
-- the manifest back.
select
    null as item_id, trim(tool || ' ' || dataset) || ', ' || kind as path,
    printf(
        '%d came in, but %d ok + %d rejected + %d failed + %d waiting.', inputs, ok, rejected, failed, waiting
    ) as detail
from funnel
where inputs <> ok + rejected + failed + waiting or min(inputs, ok, rejected, failed, waiting) < 0
union all
select
    item.id, coalesce(item.path, item.address),
    trim(step.tool || ' ' || step.dataset)
    || case when outcome.live then ' has a verdict on it in force, but ' || gate.tool || ' does not let it through.'
        else ' has a verdict on it that is not in force, but ' || gate.tool || ' lets it through.' end
from step
join step_kind on step_kind.step_id = step.id and step_kind.role = 'input'
join step as gate on gate.tool = step.gate and gate.dataset in ('', step.dataset)
join outcome on outcome.step_id = step.id and outcome.kind = step_kind.kind and outcome.latest
join item on item.id = outcome.item_id and item.newest
left join outcome as before
    on before.step_id = gate.id and before.item_id = outcome.item_id
    and before.latest and before.live and before.passed
where step.active and outcome.live <> (before.id is not null)
    and not exists (select 1 from temp.busy) and not exists (select 1 from meta where key = 'dirty' and value = '1')
order by 1, 2, 3;
