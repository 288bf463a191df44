-- Captions history: every text that a cut-out had in a dataset, the newest first.
-- written: of people as they said it, undone: 1 where it was taken back; of engines as it was made.
select
    decision.created_at as at, decision.value as text, decision.actor as author, 'person' as engine,
    coalesce(decision.note, '') as note,
    exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = decision.uid) as undone
from item as cutout
join decision on decision.address = cutout.address and decision.kind = 'cutout'
where cutout.id = :item and decision.verdict = 'caption' and decision.dataset in ('', :dataset)
union all
select
    made.created_at, caption.text, caption.author, caption.engine || ' ' || caption.prompt_version,
    case when made.newest then 'in force at the last run' else '' end, 0
from item as made
join caption on caption.item_id = made.id
where made.parent_id = :item and made.kind = 'caption' and caption.dataset = :dataset and caption.author <> 'person'
order by 1 desc
limit 200;
