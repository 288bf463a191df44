-- Gallery changed: the sources of what was decided on after a decision.
-- An undo changes what it takes back, and what the same word had named with it. What a decision changes lies at its item or
-- below, in the same source.
select distinct substr(address, 1, instr(address || '/', '/') - 1) as source
from (
    select address from decision where id > :since
    union
    select said.address
    from decision as undo
    join decision as said on said.uid = undo.undoes
    where undo.id > :since
    union
    select other.address
    from decision as undo
    join decision as said on said.uid = undo.undoes
    join decision as other on other.together = said.together
    where undo.id > :since
)
limit :limit;
