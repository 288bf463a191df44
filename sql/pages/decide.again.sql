-- Decide again: the decisions that were taken back by those from one to another, and not said again since.
select said.verdict, said.kind, said.address, said.dataset, said.item_id as id, said.value, said.note, said.together
from decision as first
join decision as last on last.uid = :last
join decision as undo on undo.id between first.id and last.id and undo.verdict = 'undo'
join decision as said on said.uid = undo.undoes
where first.uid = :first
    and not exists (
        select 1
        from decision as later
        where (later.kind, later.address, later.dataset, later.verdict)
            = (said.kind, said.address, said.dataset, said.verdict)
            and later.id > undo.id
    )
order by said.id;
