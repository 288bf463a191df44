-- Overview refused: the user's files that intake let not pass, by reason, the most frequent first.
-- n: how many there are of that reason; place: of the file among them, of which :limit are given; kind: of what it is.
select id, version, kind, name, reason, detail, description, remedy, n
from (
    select
        item.id, item.version, item.kind, coalesce(file.shown, item.address) as name, outcome.detail,
        case outcome.status when 'ok' then 'rejected_by_hand' else outcome.reason end as reason,
        reason.description, reason.remedy,
        count(*) over (partition by outcome.status = 'ok', outcome.reason) as n,
        row_number() over (partition by outcome.status = 'ok', outcome.reason order by file.shown, item.id) as place
    from step
    join outcome on outcome.step_id = step.id and outcome.latest and outcome.live and not outcome.passed
    join item on item.id = outcome.item_id
    left join file on file.id = (select min(id) from file as some where some.item_id = item.id)
    left join reason
        on reason.tool = 'intake'
        and reason.code = case outcome.status when 'ok' then 'rejected_by_hand' else outcome.reason end
    where step.tool = 'intake' and step.active
) as refused
where place <= :limit
order by n desc, reason, place;
