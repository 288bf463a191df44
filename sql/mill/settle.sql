-- Settle one step: derive what is live and what has passed.
-- An input is live while the gate before it lets it through; an output while the outcome on its parent does, or while a
-- person keeps it. temp.scope holds the outcomes to look at, temp.decided the nearest decision of each item that has one.
-- :from_step is the step whose passed outcomes feed this one (for outputs the step itself, for sources null), :role
-- 'input' or 'output'.
-- Materialized, and with a cross join, so that it goes from the scope to its outcomes: left to itself SQLite reads every
-- outcome of the manifest for each batch of a few.
with derived as materialized (
    select
        judged.id,
        decided.decision_id,
        item.newest and (
            :from_step is null
            or source.id is not null
            or (:role = 'output' and coalesce(decided.own, 0) and decided.verdict in ('keep', 'pin'))
        ) as live,
        case
            when judged.status = 'failed' or judged.defect then 0
            when decided.verdict = 'reject' then 0
            when decided.verdict in ('keep', 'pin') and reason.nature = 'limit' then 1
            else judged.status = 'ok'
        end as passed
    from outcome as judged
    cross join item on item.id = judged.item_id
    left join outcome as source
        on source.step_id = :from_step
        and source.item_id = case :role when 'output' then item.parent_id else item.id end
        and source.latest and source.live and source.passed
    left join temp.decided as decided on decided.item_id = judged.item_id
    left join reason
        on reason.code = judged.reason and reason.tool = (select tool from step where id = :step)
    where judged.id in (select id from temp.scope)
        and judged.kind in (select kind from step_kind where step_id = :step and role = :role)
)
update outcome
set live = derived.live, passed = derived.passed, decision_id = derived.decision_id
from derived
where outcome.id = derived.id
    and (outcome.live, outcome.passed, outcome.decision_id)
        is not (derived.live, derived.passed, derived.decision_id);
