-- Whether a text that a person edited in the package was written down already, since the package was made.
-- An undone one counts: it is not brought back by the file that still holds it.
select decision.id
from decision
where decision.kind = 'cutout' and decision.address = :address and decision.dataset = :dataset
    and decision.verdict = 'caption' and decision.value = :text and decision.note = :note
    and decision.created_at >= coalesce((
        select package.at
        from package
        join step on step.id = package.step_id
        where step.dataset = :dataset and package.state = 'current'
    ), '');
