-- Compare twin members: a kept frame, then the near duplicates that follow it.
-- luma_difference: of the whole picture to the kept one, in levels of 255.
-- What a person rejected no longer reaches the step; what it said last stands here with that decision.
select
    item.id, item.kind, item.address, item.version, item.path, item.width, item.height, frame.time_s, outcome.detail,
    case when outcome.passed then 'in' when outcome.status = 'failed' then 'failed' else 'out' end as state,
    case when outcome.passed then '' when outcome.status <> 'ok' then outcome.reason
        when decision.verdict = 'reject' then 'rejected_by_hand' else 'ancestor_out' end as reason,
    outcome.reason as found, coalesce(decision.verdict, '') as verdict, null as score, null as score_parts,
    null as difference, null as rank, extract.luma_difference, item.address = :address as is_kept
from item
join outcome on outcome.item_id = item.id and outcome.step_id = :step and outcome.latest
left join extract on extract.outcome_id = outcome.id
left join decision on decision.id = outcome.decision_id
left join frame on frame.item_id = item.id
where item.kind = 'frame' and item.newest and item.address >= :address
    and item.address < coalesce(
        (
            select min(later.address)
            from item as later
            where later.kind = 'frame' and later.newest and later.path is not null and later.address > :address
                and later.address < substr(:address, 1, instr(:address, '/') - 1) || '0'
        ),
        substr(:address, 1, instr(:address, '/') - 1) || '0'
    )
    and (item.address = :address or outcome.reason = 'near_duplicate')
order by item.address
limit :limit;
