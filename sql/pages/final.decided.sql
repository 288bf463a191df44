-- Final decided: what people said or took back since a moment, for a dataset or for all, the newest first.
-- :since as in created_at. undone, undone_at: of an undo, the verdict that was taken back and when that was said.
select
    said.id, said.kind, said.address, said.dataset, said.item_id, said.verdict, said.value, said.note, said.actor,
    said.created_at, undone.verdict as undone, undone.created_at as undone_at
from decision as said indexed by decision_created
left join decision as undone on said.verdict = 'undo' and undone.uid = said.undoes
where said.created_at > :since and said.dataset in ('', :dataset)
    and not exists (select 1 from decision as undo where undo.verdict = 'undo' and undo.undoes = said.uid)
order by said.created_at desc, said.id desc
limit :limit;
