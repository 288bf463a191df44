-- Decisions by actor: who decided how much, from when to when.
-- standing: those that nobody has undone or replaced by a later one on the same image.
with undone as (
    select undoes as uid from decision where verdict = 'undo'
),
last_said as (
    select max(id) as id
    from decision
    where verdict in ('keep', 'reject', 'pin') and uid not in (select uid from undone where uid is not null)
    group by kind, address, dataset
)
select
    decision.actor, decision.verdict, count(*) as n, count(last_said.id) as standing,
    min(decision.created_at) as first_at, max(decision.created_at) as last_at
from decision
left join last_said on last_said.id = decision.id
group by decision.actor, decision.verdict
order by decision.actor, n desc, decision.verdict;
